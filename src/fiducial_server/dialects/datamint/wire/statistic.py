"""Statistics, in shapes of our own: the published clients hand them on as they come."""

from __future__ import annotations

from typing import Any

from fiducial_server.dialects.datamint.wire.moment import moment
from fiducial_server.model.statistic import AnnotationStatistic, AnnotatorStatistic, FileStatistic
from fiducial_server.model.workflow import StatusWord


def annotator_statistic(value: AnnotatorStatistic) -> dict[str, Any]:
    """One annotator's work; every status has its number, 0 too."""
    statuses = {word.value: value.statuses.get(word, 0) for word in StatusWord}
    return {
        "email": value.person.email,
        "user_id": value.person.user_id,
        "firstname": value.person.firstname,
        "lastname": value.person.lastname,
        "annotation_count": sum(value.annotations.values()),
        "annotations_by_type": dict(value.annotations),
        "model_annotation_count": value.by_models,
        "labelled_resource_count": value.labelled_items,
        "statuses": statuses,
        **{f"{word}_count": number for word, number in statuses.items()},
        "last_activity": moment(value.last_activity),
    }


def annotator_progress(value: AnnotatorStatistic, items: int) -> dict[str, Any]:
    """The same, with how many resources there are, and with how many of them the annotator has not begun."""
    return {
        **annotator_statistic(value),
        "resource_count": items,
        "not_started_count": max(items - value.begun_items, 0),
    }


def annotation_statistic(value: AnnotationStatistic) -> dict[str, Any]:
    """``values`` counts the annotations of a category by their value; it is empty for other types."""
    return {
        "identifier": value.identifier,
        "type": value.kind,
        "annotation_count": value.annotations,
        "resource_count": value.items,
        "annotator_count": value.annotators,
        "values": dict(value.values),
        "first_created_at": moment(value.first_at),
        "last_created_at": moment(value.last_at),
    }


def file_statistic(value: FileStatistic) -> dict[str, Any]:
    """One row of the matrix: a resource, and a cell for everybody who has worked on it."""
    return {
        "resource_id": value.item_id,
        "filename": value.name,
        "status": value.word,
        "annotators": [
            {
                "email": cell.annotator,
                "status": cell.status,
                "annotation_count": cell.annotations,
                "last_activity": moment(cell.last_activity),
            }
            for cell in value.cells
        ],
    }
