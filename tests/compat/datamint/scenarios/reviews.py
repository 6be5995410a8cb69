from __future__ import annotations

from typing import Any

from scenarios.support import api, demo, raises


def _person(client: Any, c: Any, name: str) -> Any:
    email = f"{name}-{c.tag}"[:60].lower() + "@example.org"
    client.users.create(email, "a long enough password", name.title(), "Reader")
    return client.users.get_by_email(email)


def _work(client: Any, c: Any, **more: Any) -> tuple[Any, Any, str]:
    """A project, its worklist and a resource in both."""
    rid = client.resources.upload_resource(demo(c, "fundus.jpg"), publish=True)
    project = client.projects.create(c.tag, "", resource_ids=[rid])
    if more.pop("require_review", False):
        client.projects.patch(project.id, {"require_review": True})
    worklist = client.annotationsets.create("Readers", [rid], project=project, **more)
    return project, worklist, rid


def scenario_splits_with_history(c: Any) -> None:
    client = api(c)
    ids = [client.resources.upload_resource(demo(c, name)) for name in ("fundus.jpg", "ct_small.dcm", "mr_small.dcm")]
    project = client.projects.create(c.tag, "", resource_ids=ids)
    assert client.projects.get_splits(project) == []
    assert client.projects.get_resource_split(ids[0], project) is None
    client.projects.assign_splits(ids, "train", project)
    then = max(split.created_at for split in client.projects.get_splits(project))
    client.projects.assign_splits([client.resources.get_by_id(ids[2])], "test", project)
    client.projects.assign_splits([ids[2]], "test", project)  # said twice

    def now(**narrowed: str) -> dict[str, str]:
        return {split.resource_id: split.split_name for split in client.projects.get_splits(project, **narrowed)}

    assert now() == {ids[0]: "train", ids[1]: "train", ids[2]: "test"}
    assert now(split_name="test") == {ids[2]: "test"}
    assert now(as_of_timestamp=then) == dict.fromkeys(ids, "train")
    one = client.projects.get_resource_split(ids[2], project)
    assert (one.split_name, one.project_id, one.resource_id, one.created_by) == ("test", project.id, ids[2], c.email)
    assert (one.deleted_at, one.deleted_by) == (None, None)
    unknown = "00000000-0000-7000-8000-000000000000"
    assert client.projects.get_resource_split(unknown, project) is None


def scenario_bad_splits_are_refused(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client = api(c)
    project, _, rid = _work(client, c)
    outside = client.resources.upload_resource(demo(c, "ct_small.dcm"))
    raises(ItemNotFoundError, client.projects.assign_splits, [rid, outside], "train", project)
    raises(ValidationError, client.projects.assign_splits, [rid], "", project, match="split_name")
    raises(ValidationError, client.projects.get_splits, project, as_of_timestamp="yesterday", match="as_of_timestamp")
    assert client.projects.get_splits(project) == []


def scenario_members_by_their_ids(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError

    client = api(c)
    project = client.projects.create(c.tag, "")
    ann = _person(client, c, "ann")
    client.projects.set_member(ann.user_id, ["PROJECT_ANNOTATOR"], project)
    client.projects.set_member(ann.user_id, ["PROJECT_ANNOTATOR", "PROJECT_REVIEWER"], project)
    (found,) = [m for m in client.projects.get_members(project) if m["user_id"] == ann.user_id]
    assert found["roles"] == ["PROJECT_ANNOTATOR", "PROJECT_REVIEWER"]
    assert (found["project_id"], found["firstname"], found["lastname"]) == (project.id, "Ann", "Reader")
    assert {"expertise_level", "status"} <= set(found)
    assert ann.email in {entry.email for entry in client.projects.get_by_id(project.id).annotators}
    client.projects.remove_member(ann.user_id, project)
    assert ann.user_id not in {m["user_id"] for m in client.projects.get_members(project)}
    raises(ItemNotFoundError, client.projects.remove_member, ann.user_id, project)


def scenario_annotators_of_a_worklist(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client = api(c)
    ann, bob = _person(client, c, "ann"), _person(client, c, "bob")
    given = [{"email": ann.email, "expertise_level": "trained", "requires_review": True}]
    _, worklist, _ = _work(client, c, annotators=given)
    sets = client.annotationsets

    def people() -> dict[str, tuple[str, str | None]]:
        return {a.email: (a.status, a.expertise_level) for a in sets.get_by_id(worklist.id).annotators}

    assert people() == {ann.email: ("active", "trained")}
    told = sets.set_annotator(worklist.id, bob.user_id, "active", "expert", return_url="http://localhost/somewhere")
    assert (told["email"], told["status"], told["expertise_level"]) == (bob.email, "active", "expert")
    sets.set_annotator(worklist.id, ann.user_id, "frozen", "learner")
    assert people() == {ann.email: ("frozen", "learner"), bob.email: ("active", "expert")}
    sets.remove_annotator(worklist.id, bob.user_id)
    assert people() == {ann.email: ("frozen", "learner")}
    raises(ItemNotFoundError, sets.remove_annotator, worklist.id, bob.user_id)
    raises(ValidationError, sets.set_annotator, worklist.id, bob.user_id, "asleep", "expert", match="asleep")
    unknown = "00000000-0000-7000-8000-000000000000"
    raises(ItemNotFoundError, sets.set_annotator, worklist.id, unknown, "active", "expert")


def scenario_a_review(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError, ValidationError

    client = api(c)
    ann, bob = _person(client, c, "ann"), _person(client, c, "bob")
    project, worklist, rid = _work(client, c, require_review=True)
    sets = client.annotationsets

    def say(status: str, person: Any, message: str | None = None) -> dict[str, str]:
        rows = sets.update_annotation_status(worklist.id, rid, status, person.email, message)
        return {row["annotator"]: row["status"] for row in rows}

    assert say("annotated", ann) == {ann.email: "annotated"}
    assert say("opened", bob) == {ann.email: "annotated", bob.email: "opened"}
    say("revision_request", ann, "please make it smaller")
    say("annotated", ann)
    say("approved", ann, "thanks")

    listed = client.projects.get_annotation_statuses(project, resource=rid)
    words = {row["annotator"]: row["status"] for row in listed if row["annotation_worklist_id"] == worklist.id}
    assert words == {ann.email: "approved", bob.email: "opened"}
    (own,) = sets.get_annotation_statuses(worklist.id, user_id=bob.user_id)
    assert (own["annotator"], own["user_id"], own["resource_id"]) == (bob.email, bob.user_id, rid)
    assert sets.get_annotation_statuses(worklist.id, status="approved", user_id=ann.email, resource=rid)[0][
        "project_id"
    ]
    assert sets.get_annotation_statuses(worklist.id, status="closed") == []
    assert client.projects.get_annotation_statuses(project, status="opened", user_id=ann.email) == []

    told = client.projects.get_review_messages(project)
    assert [(m["annotator"], m["status"], m["message"], m["created_by"]) for m in told] == [
        (ann.email, "revision_request", "please make it smaller", c.email),
        (ann.email, "approved", "thanks", c.email),
    ]
    narrowed = client.projects.get_review_messages(project, ann.email, rid, ["approved", "closed"])
    assert narrowed == told[1:]
    assert client.projects.get_review_messages(project, bob.email) == []

    raises(ValidationError, sets.update_annotation_status, worklist.id, rid, "done", match="done")
    raises(ItemNotFoundError, sets.update_annotation_status, worklist.id, rid, "closed", "nobody@example.org")


def scenario_an_annotator_begins_anew(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError

    client = api(c)
    ann = _person(client, c, "ann")
    project, worklist, rid = _work(client, c)
    sets = client.annotationsets
    for author in (ann.email, None):
        client.annotations.create_image_classification(
            resource=rid, identifier="view", value="left", author_email=author, worklist_id=worklist.id
        )
    assert len(list(client.annotations.get_list(resource=rid))) == 2
    sets.update_annotation_status(worklist.id, rid, "closed", ann.email)
    sets.reset_annotator_status(worklist.id, rid, ann.email)
    left = list(client.annotations.get_list(resource=rid))
    assert [label.created_by for label in left] == [c.email]
    assert [row["annotator"] for row in sets.get_annotation_statuses(worklist.id)] == [None]

    sets.update_annotation_status(worklist.id, rid, "annotated")
    client.projects.reset_annotator_status(rid, c.email, project)
    assert list(client.annotations.get_list(resource=rid)) == []
    raises(ItemNotFoundError, client.projects.reset_annotator_status, rid, "nobody@example.org", project)


def scenario_statistics(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError

    client = api(c)
    project, worklist, rid = _work(client, c)
    sets, projects = client.annotationsets, client.projects
    client.annotations.create_image_classification(
        resource=rid, identifier="view", value="left", worklist_id=worklist.id
    )
    sets.update_annotation_status(worklist.id, rid, "annotated")

    (mine,) = projects.get_annotators_stats(project)
    assert (mine["email"], mine["annotations_by_type"], mine["annotated_count"]) == (c.email, {"category": 1}, 1)
    assert projects.get_annotators_stats(project, c.email) == sets.get_annotators_statistics(worklist.id) == [mine]
    assert sets.get_annotators_statistics(worklist.id, "nobody@example.org") == []

    whole = projects.get_annotations_stats(project)
    assert whole["by_type"] == {"category": 1}
    (row,) = sets.get_annotations_statistics(worklist.id)
    assert whole["annotations"] == [row]
    assert (row["identifier"], row["type"], row["values"], row["resource_count"]) == (
        "view",
        "category",
        {"left": 1},
        1,
    )

    matrix = projects.get_files_matrix_stats(project)
    (line,) = matrix["files"]
    assert (matrix["annotators"], line["resource_id"]) == ([c.email], rid)
    (cell,) = line["annotators"]
    assert (cell["email"], cell["status"], cell["annotation_count"]) == (c.email, "annotated", 1)

    for told in (projects.get_annotator_status(c.email, project), sets.get_annotator_status(worklist.id, c.email)):
        assert (told["statuses"]["annotated"], told["resource_count"], told["not_started_count"]) == (1, 1, 0)
    raises(ItemNotFoundError, projects.get_annotator_status, "nobody@example.org", project)


def scenario_split_of_a_dataset(c: Any) -> None:
    """What the client's own dataset reads of the server's splits."""
    from scenarios.support import without_torchvision

    without_torchvision()
    from datamint.dataset import ImageDataset

    client = api(c)
    ids = [client.resources.upload_resource(demo(c, "fundus.jpg"), publish=True) for _ in range(2)]
    project = client.projects.create(c.tag, "", resource_ids=ids)
    client.projects.assign_splits(ids[:1], "train", project)
    client.projects.assign_splits(ids[1:], "test", project)
    dataset = ImageDataset(project=project, server_url=c.url, api_key=c.key)
    parts = dataset.split(use_project_splits=True)
    assert {name: [r.id for r in part.resources] for name, part in parts.items()} == {
        "train": ids[:1],
        "test": ids[1:],
    }
