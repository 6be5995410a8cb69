# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Annotations that say something in words or numbers: categories, labels, texts, numbers."""

from __future__ import annotations

from fiducial.api.annotation_item import on_frames, said_by
from fiducial.api.annotations.base import AnnotationCalls
from fiducial.entities.annotations import AnnotationType
from fiducial.entities.resource import Resource


class ValueCalls(AnnotationCalls):
    """Of the whole resource, of a frame, or of frames ``[start, end)``."""

    def create_image_classification(
        self,
        resource: str | Resource,
        identifier: str,
        value: str,
        worklist_id: str | None = None,
        author_email: str | None = None,
        imported_from: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
    ) -> str:
        """A category of the whole resource; its id."""
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        fields = {"identifier": identifier, "value": value, **on_frames(None, None), **facts}
        return self._one(resource, AnnotationType.CATEGORY, fields)

    def create_numeric_annotation(
        self,
        resource: str | Resource,
        identifier: str,
        value: float,
        units: str | None = None,
        worklist_id: str | None = None,
        author_email: str | None = None,
        imported_from: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
        *,
        frame_index: int | None = None,
        frame_range: tuple[int, int] | None = None,
    ) -> str:
        """A number (an int is stored as integer, a float as float), of the whole resource or of frames; its id."""
        kind = AnnotationType.INTEGER if isinstance(value, int) else AnnotationType.FLOAT
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        where = on_frames(frame_index, frame_range)
        return self._one(resource, kind, {"identifier": identifier, "value": value, "units": units, **where, **facts})

    def add_text_annotation(
        self,
        resource: str | Resource,
        identifier: str,
        value: str,
        frame_index: int | None = None,
        frame_range: tuple[int, int] | None = None,
        worklist_id: str | None = None,
        author_email: str | None = None,
        imported_from: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
    ) -> str:
        """A text of the whole resource, of a frame, or of frames ``[start, end)``; its id."""
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        where = on_frames(frame_index, frame_range)
        return self._one(resource, AnnotationType.TEXT, {"identifier": identifier, "value": value, **where, **facts})

    def add_category_annotation(
        self,
        resource: str | Resource,
        identifier: str,
        value: str,
        frame_index: int | None = None,
        frame_range: tuple[int, int] | None = None,
        worklist_id: str | None = None,
        author_email: str | None = None,
        imported_from: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
    ) -> str:
        """A category of the whole resource, of a frame, or of frames ``[start, end)``; its id."""
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        where = on_frames(frame_index, frame_range)
        return self._one(
            resource, AnnotationType.CATEGORY, {"identifier": identifier, "value": value, **where, **facts}
        )

    def add_label_annotation(
        self,
        resource: str | Resource,
        identifier: str,
        frame_index: int | None = None,
        frame_range: tuple[int, int] | None = None,
        worklist_id: str | None = None,
        author_email: str | None = None,
        imported_from: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
    ) -> str:
        """Something that is so, of the whole resource, of a frame, or of frames ``[start, end)``; its id."""
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        where = on_frames(frame_index, frame_range)
        return self._one(resource, AnnotationType.LABEL, {"identifier": identifier, **where, **facts})
