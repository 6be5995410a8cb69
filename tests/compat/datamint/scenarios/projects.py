from __future__ import annotations

from typing import Any

from scenarios.support import api, demo, raises


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
