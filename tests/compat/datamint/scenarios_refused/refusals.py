"""Each exception class of the published client, raised by it because of what our server (or its absence) answers."""

from __future__ import annotations

import io
import uuid
from typing import Any

from scenarios.support import api, demo, raises, without_torchvision


def keyed(c: Any, key: str) -> Any:
    from datamint import Api

    return Api(server_url=c.url, api_key=key, check_connection=False)


def scenario_authentication_error(c: Any) -> None:
    from datamint import Api
    from datamint.exceptions import AuthenticationError

    wrong = keyed(c, "fid_unknown")
    raises(AuthenticationError, wrong.projects.get_list)
    raises(AuthenticationError, wrong.resources.upload_resource, demo(c, "fundus.jpg"))  # sent by its other library
    raises(AuthenticationError, Api, server_url=c.url)  # no key at all


def scenario_permission_denied_error(c: Any) -> None:
    from datamint.exceptions import PermissionDeniedError

    looker = keyed(c, c.viewer_key)
    looker.projects.get_list()
    raises(PermissionDeniedError, looker.projects.create, c.tag, "")
    raises(PermissionDeniedError, looker.resources.upload_resource, demo(c, "fundus.jpg"))
    raises(PermissionDeniedError, looker.users.create, f"{c.tag.lower()}@example.org")


def scenario_item_not_found_error(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ResourceNotFoundError

    client, unknown = api(c), str(uuid.uuid4())
    assert ResourceNotFoundError is ItemNotFoundError
    for call in (
        client.projects.get_by_id,
        client.projects.delete,
        client.resources.get_by_id,
        client.resources.delete,
        client.resources.restore,
        client.resources.download_resource_file,
        client.annotations.get_by_id,
        client.annotations.delete,
        client.annotationsets.get_by_id,
        client.validation_studies.get_by_id,
    ):
        raises(ItemNotFoundError, call, unknown)
    raises(ItemNotFoundError, client.users.get_by_email, f"{c.tag.lower()}@example.org")
    raises(ItemNotFoundError, client.projects.bulk_delete, [unknown])
    raises(ItemNotFoundError, client.annotations.bulk_delete, [unknown])
    raises(ItemNotFoundError, client.annotations.add_label_annotation, unknown, "x")


def scenario_validation_error(c: Any) -> None:
    import numpy as np
    from datamint.exceptions import ValidationError

    without_torchvision()
    client = api(c)
    eye = client.resources.get_by_id(client.resources.upload_resource(demo(c, "fundus.jpg")))
    broken = io.BytesIO(b"this is text" * 30)
    broken.name = "broken.png"
    raises(ValidationError, client.resources.upload_resource, broken, match="broken.png")
    raises(ValidationError, client.annotations.add_text_annotation, eye, "finding", "x", frame_index=7)
    wrong_size = np.full((10, 20, 1), 255, np.uint8)
    raises(ValidationError, client.annotations.upload_segmentations, eye, wrong_size, name="disc", match="1411")
    project = client.projects.create(c.tag, "")
    raises(ValidationError, client.projects.set_work_status, eye, "no such status", project=project)
    raises(ValidationError, client.resources.get_list, order_field="no such field")
    raises(ValidationError, client.users.create, "no address", password="correct horse battery")
    raises(ValidationError, _unknown_type, client, eye, match="no such type")


def _unknown_type(client: Any, resource: Any) -> None:
    """As a newer client would send a type that this server does not know."""
    item = {"type": "no such type", "identifier": "x", "scope": "image"}
    client.annotations._make_request("POST", f"/annotations/{resource.id}/annotations", json=[item])


def scenario_entity_already_exists_error(c: Any) -> None:
    import httpx
    from datamint.exceptions import EntityAlreadyExistsError

    client = api(c)
    first = client.projects.create(c.tag, "")
    error = raises(EntityAlreadyExistsError, client.projects.create, c.tag, "")
    assert c.tag in str(error)
    client.projects.delete(first)
    raises(EntityAlreadyExistsError, client.projects.create, c.tag, "")  # an archived one keeps its name
    raises(httpx.HTTPStatusError, client.users.create, c.email, match="409")


def scenario_too_large_is_raw(c: Any) -> None:
    """The client has no class for 413: it shows its library's own."""
    import aiohttp

    error = raises(aiohttp.ClientResponseError, api(c).resources.upload_resource, demo(c, "mni152_gm.nii.gz"))
    assert error.status == 413  # type: ignore[attr-defined]


def scenario_default_project_not_set_error(c: Any) -> None:
    from datamint.exceptions import DefaultProjectNotSetError

    raises(DefaultProjectNotSetError, api(c).projects.get_members)


def scenario_network_error(c: Any) -> None:
    from datamint import Api
    from datamint.exceptions import NetworkError

    raises(NetworkError, Api, server_url=c.nobody_url, api_key=c.key)


def scenario_server_error(c: Any) -> None:
    from datamint import Api
    from datamint.exceptions import ServerError

    client = Api(server_url=c.broken_url, api_key=c.key)
    error = raises(ServerError, client.resources.upload_resource, demo(c, "fundus.jpg"))
    assert error.status_code >= 500  # type: ignore[attr-defined]
    error = raises(ServerError, client.resources.download_resource_file, c.lost_resource)
    assert error.status_code >= 500  # type: ignore[attr-defined]
