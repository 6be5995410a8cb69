from __future__ import annotations

import json
import urllib.request
from typing import Any

from scenarios.support import api, asked, demo, raises


def accepted(c: Any, link: str, password: str) -> dict[str, Any]:
    """What the page behind the link does, without a key."""
    body = json.dumps({"token": link.partition("#")[2], "password": password}).encode()
    request = urllib.request.Request(f"{c.url}/users/invitations/accept", data=body, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def email(c: Any, name: str) -> str:
    return f"{name}-{c.tag}@example.org".lower()


def scenario_people_of_an_organization(c: Any) -> None:
    import httpx
    from datamint.exceptions import ItemNotFoundError, ValidationError

    users, anna = api(c).users, email(c, "anna")
    made = users.create(anna)  # everything else is sent as null
    assert (made.email, made.firstname, made.lastname) == (anna, None, None)
    assert asked(c, f"/users/{anna}")["roles"] == ["member"]
    assert users.create(anna, return_entity=False, exists_ok=True) == anna
    users.update_user(anna, firstname="Anna", roles=["viewer"], password="correct horse battery")
    told = asked(c, f"/users/{anna}")
    assert (told["firstname"], told["roles"], told["disabled"]) == ("Anna", ["viewer"], False)
    users.delete_user(anna)
    assert asked(c, f"/users/{anna}")["disabled"] is True
    users.update_user(anna, disabled=False)
    assert asked(c, f"/users/{anna}")["disabled"] is False
    raises(ValidationError, users.update_user, anna, shoe_size=43, match="shoe_size")
    raises(ItemNotFoundError, users.update_user, email(c, "nobody"), firstname="X")
    raises(ItemNotFoundError, users.delete_user, email(c, "nobody"))
    raises(ItemNotFoundError, users.get_by_email, email(c, "nobody"))
    raises(ValidationError, users.create, "no address")
    raises(httpx.HTTPStatusError, users.create, anna, match="409")


def scenario_an_invitation_and_its_end(c: Any) -> None:
    from datamint import Api
    from datamint.exceptions import ItemNotFoundError

    client, bea = api(c), email(c, "bea")
    project = client.projects.create(c.tag, "")
    invited = client.users.invite(
        bea, firstname="Bea", lastname="Li", return_url="https://team.example", project=project,
        project_roles=["PROJECT_ANNOTATOR"], annotation_worklist_id=client.projects.get_worklists(project)[0].id,
    )  # fmt: skip
    assert invited["email"] == bea
    assert [i["email"] for i in client.users.get_invitations(project)] == [bea]
    assert [i["email"] for i in asked(c, f"/users/invitations?project_id={project.id}")] == [bea]
    assert bea in {i["email"] for i in client.users.get_invitations()}

    client.users.revoke_invitation(bea)
    assert client.users.get_invitations(project) == []
    raises(ItemNotFoundError, client.users.revoke_invitation, bea)

    again = client.users.invite(bea, project=project.id)
    told = accepted(c, again["link"], "correct horse battery")
    assert client.users.get_by_email(bea).email == bea
    assert bea in {m["email"] for m in client.projects.get_members(project)}
    theirs = Api(server_url=c.url, api_key=told["api_key"], check_connection=False)
    assert theirs.projects.get_by_id(project.id).name == c.tag
    assert client.users.get_invitations(project) == []


def scenario_inviting_somebody_who_is_there(c: Any) -> None:
    import httpx
    from datamint.exceptions import ItemNotFoundError, PermissionDeniedError, ValidationError

    client, carl = api(c), email(c, "carl")
    client.users.create(carl)
    project = client.projects.create(c.tag, "")
    assert client.users.invite(carl, project=project)["status"] == "member"
    assert carl in {m["email"] for m in asked(c, f"/projects/{project.id}/members")}
    raises(httpx.HTTPStatusError, client.users.invite, carl, match="409")
    raises(ValidationError, client.users.invite, "no address")
    unknown = "00000000-0000-7000-8000-000000000000"
    raises(ItemNotFoundError, client.users.invite, email(c, "dora"), project=unknown)

    from datamint import Api

    told = accepted(c, client.users.invite(email(c, "dora"))["link"], "correct horse battery")
    member = Api(server_url=c.url, api_key=told["api_key"], check_connection=False)
    raises(PermissionDeniedError, member.users.invite, email(c, "emil"))


def scenario_a_validation_study(c: Any) -> None:
    import httpx
    from datamint.entities.annotations.annotation_spec import AnnotationSpec
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client, studies = api(c), api(c).validation_studies
    first = client.resources.upload_resource(demo(c, "fundus.jpg"))
    second = client.resources.upload_resource(demo(c, "ct_small.dcm"))
    stray = client.resources.upload_resource(demo(c, "mr_small.dcm"))
    project = client.projects.create(c.tag, "", resource_ids=[first, second])
    spec = AnnotationSpec(type="segmentation", scope="frame", required=False, identifier="lesion")
    study = studies.create(
        project, c.tag, "net", model_version=2, description="look closely", resource_ids=[first],
        evaluate_ai_output={"enabled": True, "overall": True, "annotations": [spec]},
        provide_annotations={"enabled": True, "targets": [spec], "segregate_count": 1},
    )  # fmt: skip
    assert (study.name, study.status, study.model_version, study.resource_ids) == (c.tag, "draft", 2, [first])
    assert study.reader_tasks["provide_annotations"]["targets"][0]["identifier"] == "lesion"
    assert studies.get_by_id(study.id).description == "look closely"
    assert study.id in {s.id for s in studies.get_list()}

    studies.set_resources(study, [second, first])
    assert asked(c, f"/validation-studies/{study.id}")["resource_ids"] == [second, first]
    raises(ItemNotFoundError, studies.set_resources, study, [stray])
    reader = email(c, "reader")
    studies.add_readers(study, [{"email": reader, "firstname": "R"}, {"email": c.email}])
    told = asked(c, f"/validation-studies/{study.id}")["readers"]
    assert {r["email"] for r in told} == {reader, c.email}
    assert [i["email"] for i in client.users.get_invitations(project)] == [reader]
    raises(ValidationError, studies.add_readers, study, [{"email": "no address"}])

    plain = studies.create(project.id, "from scratch", "net", provide_annotations={"enabled": True})
    assert plain.resource_ids == []
    judged = studies.create(
        project, "without specs", "net", evaluate_ai_output={"enabled": True}, auto_fill_annotations=False
    )
    assert judged.reader_tasks["evaluate_ai_output"] == {"enabled": True}
    raises(ValidationError, studies.create, project, "x", "net", provide_annotations={"enabled": True, "goal": []})
    raises(ItemNotFoundError, studies.get_by_id, "00000000-0000-7000-8000-000000000000")
    client.projects.delete(project)
    raises(
        httpx.HTTPStatusError,
        studies.create,
        project,
        "late",
        "net",
        provide_annotations={"enabled": True},
        match="409",
    )


def scenario_no_model_is_deployed(c: Any) -> None:
    client = api(c)
    project = client.projects.create(c.tag, "")
    info = client.models.get_deployed_model_info(project, "net")
    assert (info["annotation_specs"], info["metadata_status"]) == ([], "not_deployed")
    error = raises(
        ValueError, client.validation_studies.create, project, "s", "net", evaluate_ai_output={"enabled": True}
    )
    assert "not_deployed" in str(error)
