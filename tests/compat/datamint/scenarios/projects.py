from __future__ import annotations

from typing import Any

from scenarios.support import api, asked, demo, raises


def scenario_life_of_a_project(c: Any) -> None:
    from datamint.exceptions import EntityAlreadyExistsError

    client = api(c)
    first = client.resources.upload_resource(demo(c, "fundus.jpg"), publish=True)
    second = client.resources.upload_resource(demo(c, "ct_small.dcm"))
    project = client.projects.create(c.tag, "a description", resource_ids=[first])
    assert (project.name, project.description, project.archived) == (c.tag, "a description", False)
    assert [r.id for r in project.fetch_resources()] == [first]
    raises(EntityAlreadyExistsError, client.projects.create, c.tag, "again")
    assert client.projects.create(c.tag, "again", exists_ok=True).id == project.id

    client.projects.add_resources([second], project)
    client.projects.add_resources(second, c.tag)  # twice, by name: harmless
    assert {r.id for r in client.projects.get_project_resources(project)} == {first, second}
    assert client.projects.get_by_id(project.id).resource_count == 2
    assert {r.id for r in client.resources.get_list(project_name=c.tag)} == {first, second}

    for status in ("opened", "annotated", "closed"):
        client.projects.set_work_status(second, status, project=project)
    client.projects.patch(project.id, {"description": "changed"})
    assert client.projects.get_by_name(c.tag).description == "changed"
    client.projects.set_pinned_metrics(["dice"], project=project)
    assert client.projects.get_pinned_metrics(project) == ["dice"]

    client.projects.delete(project)
    assert client.projects.get_by_name(c.tag).archived is True
    assert project.id in {p.id for p in client.projects.get_deleted()}
    assert client.projects.restore(project).archived is False
    assert client.projects.get_by_name(c.tag).id == project.id


def scenario_unknown_resource_is_not_added(c: Any) -> None:
    import uuid

    from datamint.exceptions import DatamintException

    client = api(c)
    first = client.resources.upload_resource(demo(c, "fundus.jpg"))
    project = client.projects.create(c.tag, "")
    raises(DatamintException, client.projects.add_resources, [first, str(uuid.uuid4())], project)
    assert list(project.fetch_resources()) == []


def scenario_members_and_worklists(c: Any) -> None:
    client = api(c)
    project = client.projects.create(c.tag, "")
    assert c.email in {m.get("email", c.email) for m in client.projects.get_members(project)}
    worklists = client.projects.get_worklists(project)
    assert all(w.annotators is not None for w in worklists)


def scenario_lists_of_projects(c: Any) -> None:
    client = api(c)
    kept, gone, too = (client.projects.create(f"{c.tag} {name}", "") for name in ("kept", "gone", "too"))
    client.projects.bulk_delete([gone, too.id])

    def among(found: Any) -> set[str]:
        return {one.id for one in found} & {kept.id, gone.id, too.id}

    assert among(client.projects.get_list()) == {kept.id}
    assert len(client.projects.get_list(limit=1)) == 1
    assert among(client.projects.get_all()) == {kept.id, gone.id, too.id}
    assert among(client.projects.get_deleted()) == {gone.id, too.id}
    assert [asked(c, f"/projects/{one.id}")["archived"] for one in (kept, gone, too)] == [False, True, True]


def scenario_one_project_by_id_by_name_and_its_missing_fields(c: Any) -> None:
    from datamint.entities import Project

    client = api(c)
    eye = client.resources.upload_resource(demo(c, "fundus.jpg"))
    project = client.projects.create(c.tag, "")
    client.projects.partial_update(project.id, {"name": f"{c.tag} b", "description": "changed"})
    told = asked(c, f"/projects/{project.id}")
    assert (told["name"], told["description"]) == (f"{c.tag} b", "changed")
    for found in (client.projects.get_by_id(project.id), client.projects.get_by_name(f"{c.tag} b")):
        assert (found.id, found.name) == (project.id, f"{c.tag} b")
    assert client.projects.get_by_name(c.tag) is None
    client.projects.add_resources(eye, f"{c.tag} b")
    assert [r["id"] for r in asked(c, f"/projects/{project.id}/resources")] == [eye]

    fields = client.projects.get_by_id(project.id).asdict()
    fields.pop("annotators", None)
    partial = Project(**fields)
    partial._api = client.projects
    assert [person.email for person in partial.annotators] == [
        person["email"] for person in asked(c, f"/projects/{project.id}")["annotators"]
    ]


def scenario_work_status_for_everybody(c: Any) -> None:
    client = api(c)
    eye = client.resources.upload_resource(demo(c, "fundus.jpg"))
    project = client.projects.create(c.tag, "", resource_ids=[eye])
    for status in ("opened", "annotated", "closed"):
        client.projects.set_work_status(eye, status, project=project)
        told = asked(c, f"/projects/{project.id}/annotation-statuses")
        assert [(row["resource_id"], row["status"]) for row in told] == [(eye, status)]


def scenario_uploaded_into_a_project(c: Any) -> None:
    client = api(c)
    project = client.projects.create(c.tag, "")
    paths = [demo(c, "fundus.jpg"), demo(c, "ct_small.dcm")]
    ids = client.resources.upload_resources(paths, publish_to=project)
    assert [r["id"] for r in asked(c, f"/projects/{project.id}/resources")] == ids
    assert {asked(c, f"/resources/{one}")["status"] for one in ids} == {"published"}
