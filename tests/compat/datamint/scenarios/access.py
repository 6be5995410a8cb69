from __future__ import annotations

import uuid
from typing import Any

from scenarios.support import api, raises


def scenario_start_up_check_and_wrong_key(c: Any) -> None:
    from datamint import Api
    from datamint.exceptions import AuthenticationError, DatamintException

    api(c)
    error = raises(DatamintException, Api, server_url=c.url, api_key="fid_unknown")
    assert isinstance(error, AuthenticationError) or "401" in str(error) or "connecting" in str(error).lower()


def scenario_users(c: Any) -> None:
    import httpx

    users = api(c).users
    email = f"{c.tag.lower()}@example.org"
    made = users.create(email, password="correct horse battery", firstname="Anna", lastname="Ng")
    assert (made.email, made.firstname) == (email, "Anna")
    assert users.get_by_email(email).lastname == users.get_by_id(email).lastname == "Ng"
    assert email in {user.email for user in users.get_list()}
    assert users.create(email, exists_ok=True).email == email
    raises(httpx.HTTPStatusError, users.create, email, match="409")
    users.update_user(email, firstname="Anne")
    assert users.get_by_email(email).firstname == "Anne"
    users.delete_user(email)


def scenario_unknown_ids_are_not_found(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError

    client, unknown = api(c), str(uuid.uuid4())
    raises(ItemNotFoundError, client.projects.get_by_id, unknown)
    raises(ItemNotFoundError, client.resources.get_by_id, unknown)
    raises(ItemNotFoundError, client.annotations.get_by_id, unknown)
    raises(ItemNotFoundError, client.resources.download_resource_file, unknown)
    raises(ValueError, client.resources.get_by_id, "not-a-uuid")
