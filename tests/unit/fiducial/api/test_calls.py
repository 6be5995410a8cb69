"""Each call of the projects', worklists', studies', users' and datasets' groups: what goes over the wire, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fiducial.api.client import Api
from tests.unit.fiducial.fake_server import Heard, api_with

P, R, W, D, U = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 6))
MAIL = "ann+x@example.org"

Does = Callable[[Api], Any]

WRITES: list[tuple[str, Does, str, Any]] = [
    (
        "set_member",
        lambda a: a.projects.set_member(U, ["PROJECT_ANNOTATOR"], P),
        f"POST /projects/{P}/members/{U}",
        {"roles": ["PROJECT_ANNOTATOR"]},
    ),
    ("remove_member", lambda a: a.projects.remove_member(U, P), f"DELETE /projects/{P}/members/{U}", None),
    (
        "assign_splits",
        lambda a: a.projects.assign_splits([R], "train", P),
        f"POST /projects/{P}/splits",
        {"resource_ids": [R], "split_name": "train"},
    ),
    (
        "set_work_status",
        lambda a: a.projects.set_work_status(R, "closed", P),
        f"POST /projects/{P}/resources/{R}/status",
        {"status": "closed"},
    ),
    (
        "project_reset",
        lambda a: a.projects.reset_annotator_status(R, MAIL, P),
        f"DELETE /projects/{P}/resources/{R}/annotator/ann%2Bx%40example.org/status-reset",
        None,
    ),
    (
        "set_pinned_metrics",
        lambda a: a.projects.set_pinned_metrics(["dice"], P),
        f"PATCH /projects/{P}",
        {"pinned_metrics": ["dice"]},
    ),
    (
        "update_group",
        lambda a: a.annotationsets.update_segmentation_group(
            W, [{"identifier": "a", "color": [1, 2, 3], "index": 1}], "multi_label", {"b": "a"}
        ),
        f"PUT /annotationsets/{W}/segmentation-group",
        {
            "segmentationData": {
                "segmentationValueType": "multi_label",
                "definitions": [{"identifier": "a", "color": [1, 2, 3], "index": 1}],
            },
            "renames": {"b": "a"},
        },
    ),
    (
        "rename_in_texts",
        lambda a: a.annotationsets.update_segmentation_group(W, [], renames=["b→a", ("c", "d")]),
        f"PUT /annotationsets/{W}/segmentation-group",
        {
            "segmentationData": {"segmentationValueType": "single_label", "definitions": []},
            "renames": ["b→a", ["c", "d"]],
        },
    ),
    (
        "delete_group",
        lambda a: a.annotationsets.delete_segmentation_group(W, "a/b c"),
        f"DELETE /annotationsets/{W}/segmentation-group/a%2Fb%20c",
        None,
    ),
    (
        "set_resources_of_worklist",
        lambda a: a.annotationsets.update_resources(W, [R], [P]),
        f"POST /annotationsets/{W}/resources",
        {"resource_ids_to_add": [R], "resource_ids_to_delete": [P]},
    ),
    (
        "status_in_worklist",
        lambda a: a.annotationsets.update_annotation_status(W, R, "revision_request", MAIL, "look again", "/x"),
        f"POST /annotationsets/{W}/resources/{R}/status",
        {"status": "revision_request", "annotator": MAIL, "message": "look again", "path": "/x"},
    ),
    (
        "worklist_reset",
        lambda a: a.annotationsets.reset_annotator_status(W, R, "a@b.c"),
        f"DELETE /annotationsets/{W}/resources/{R}/annotator/a%40b.c/status-reset",
        None,
    ),
    (
        "set_annotator",
        lambda a: a.annotationsets.set_annotator(W, U, "frozen", "expert", "http://back"),
        f"POST /annotationsets/{W}/annotators/{U}",
        {"status": "frozen", "expertise_level": "expert", "return_url": "http://back"},
    ),
    (
        "remove_annotator",
        lambda a: a.annotationsets.remove_annotator(W, U),
        f"DELETE /annotationsets/{W}/annotators/{U}",
        None,
    ),
    (
        "study_resources",
        lambda a: a.validation_studies.set_resources(W, [R]),
        f"PUT /validation-studies/{W}/resources",
        {"resource_ids": [R]},
    ),
    (
        "study_readers",
        lambda a: a.validation_studies.add_readers(W, [{"email": MAIL}]),
        f"POST /validation-studies/{W}/readers",
        {"readers": [{"email": MAIL}]},
    ),
    (
        "invite",
        lambda a: a.users.invite(MAIL, "A", project=P, project_roles=["PROJECT_ANNOTATOR"], annotation_worklist_id=W),
        "POST /users/invite",
        {
            "email": MAIL,
            "firstname": "A",
            "project_id": P,
            "project_roles": ["PROJECT_ANNOTATOR"],
            "annotation_worklist_id": W,
        },
    ),
    ("revoke", lambda a: a.users.revoke_invitation(MAIL), "DELETE /users/invitations/ann+x@example.org/revoke", None),
    (
        "dataset_resources",
        lambda a: a.datasets.update_resources(D, [R], project=P),
        f"POST /datasets/{D}/resources",
        {"all_files_selected": False, "resource_ids_to_add": [R], "project_id": P},
    ),
    ("dataset_delete", lambda a: a.datasets.delete(D), f"DELETE /datasets/{D}", None),
]

READS: list[tuple[str, Does, str, dict[str, Any]]] = [
    ("members", lambda a: a.projects.get_members(P), f"/projects/{P}/members", {}),
    (
        "statuses",
        lambda a: a.projects.get_annotation_statuses(P, "closed", U, R),
        f"/projects/{P}/annotation-statuses",
        {"status": "closed", "user_id": U, "resource_id": R},
    ),
    (
        "annotators_stats",
        lambda a: a.projects.get_annotators_stats(P, "a@b.c"),
        f"/projects/{P}/annotators-statistic",
        {"email": "a@b.c"},
    ),
    ("annotations_stats", lambda a: a.projects.get_annotations_stats(P), f"/projects/{P}/annotations-statistic", {}),
    ("files_matrix", lambda a: a.projects.get_files_matrix_stats(P), f"/projects/{P}/files-matrix-statistic", {}),
    (
        "annotator_status",
        lambda a: a.projects.get_annotator_status("a@b.c", P),
        f"/projects/{P}/users/a%40b.c/status",
        {},
    ),
    (
        "reviews",
        lambda a: a.projects.get_review_messages(P, "a@b.c", R, ["open", "closed"]),
        f"/projects/{P}/reviewmessages",
        {"annotator": "a@b.c", "resourceId": R, "statuses": ["open", "closed"]},
    ),
    (
        "worklist_statuses",
        lambda a: a.annotationsets.get_annotation_statuses(W, "closed", U, R),
        f"/annotationsets/{W}/annotation-statuses",
        {"status": "closed", "user_id": U, "resource_id": R},
    ),
    (
        "segmentations",
        lambda a: a.annotationsets.get_segmentations(W, R, False, "a@b.c"),
        f"/annotationsets/{W}/resources/{R}/segmentations",
        {"all": "false", "annotator": "a@b.c"},
    ),
    (
        "annotations",
        lambda a: a.annotationsets.get_annotations(W, R),
        f"/annotationsets/{W}/resources/{R}/annotations",
        {"all": "true"},
    ),
    (
        "ai",
        lambda a: a.annotationsets.get_ai_segmentations(W, R),
        f"/annotationsets/{W}/resources/{R}/ai_segmentations",
        {},
    ),
    (
        "worklist_annotator",
        lambda a: a.annotationsets.get_annotator_status(W, "a@b.c"),
        f"/annotationsets/{W}/users/a%40b.c",
        {},
    ),
    (
        "worklist_stats",
        lambda a: a.annotationsets.get_annotators_statistics(W, "a@b.c"),
        f"/annotationsets/{W}/annotators-statistic",
        {"email": "a@b.c"},
    ),
    (
        "worklist_counts",
        lambda a: a.annotationsets.get_annotations_statistics(W),
        f"/annotationsets/{W}/annotations-statistic",
        {},
    ),
    ("group", lambda a: a.annotationsets.get_segmentation_group(W), f"/annotationsets/{W}/segmentation-group", {}),
    ("invitations", lambda a: a.users.get_invitations(P), "/users/invitations", {"project_id": P}),
    ("dataset", lambda a: a.datasets.get_resources(D, "3"), f"/datasets/{D}/resources", {"version": "3"}),
]


@pytest.mark.parametrize(("name", "does", "line", "body"), WRITES, ids=[row[0] for row in WRITES])
def test_what_is_written(name: str, does: Does, line: str, body: Any) -> None:
    heard = Heard()
    does(api_with(heard))
    assert (heard.line, heard.json) == (line, body)


@pytest.mark.parametrize(("name", "does", "path", "params"), READS, ids=[row[0] for row in READS])
def test_what_is_read_comes_back_as_it_is(name: str, does: Does, path: str, params: dict[str, Any]) -> None:
    heard = Heard([{"anything": 1}])
    assert does(api_with(heard)) == [{"anything": 1}]
    assert (heard.line, heard.params) == (f"GET {path}", params)
