# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Annotations that have a place: points, lines, boxes, outlines and other shapes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fiducial.api.annotation_item import said_by
from fiducial.api.annotations.base import AnnotationCalls
from fiducial.entities.annotations import AnnotationType, BoxGeometry, Geometry
from fiducial.entities.annotations.geometry import CoordinateSystem, RegionGeometry
from fiducial.entities.resource import Resource

Point = Sequence[float]


class ShapeCalls(AnnotationCalls):
    """Pixel points are pixel indices (x right, y down, integer = pixel centre) of frame ``frame_index``; patient points are
    LPS in mm. Pixel points mean pixels on every kind of resource: the geometry says which of the two it is.
    """

    def add_line_annotation(
        self,
        point1: Point,
        point2: Point,
        resource: str | Resource,
        identifier: str,
        frame_index: int | None = None,
        coords_system: CoordinateSystem = "pixel",
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
    ) -> str:
        """A line between two points; its id."""
        geometry = Geometry.from_coordinates([point1, point2], coords_system=coords_system, frame_index=frame_index)
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        return self._shape(resource, AnnotationType.LINE, identifier, geometry, frame_index, facts)

    def add_box_annotation(
        self,
        point1: Point,
        point2: Point,
        resource: str | Resource,
        identifier: str,
        frame_index: int | None = None,
        coords_system: CoordinateSystem = "pixel",
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
    ) -> str:
        """An upright box between two opposite corners, in pixels; its id.

        A box in patient coordinates is its four corners: write it with :meth:`create` and a geometry of four points.
        """
        geometry = BoxGeometry.from_corners(point1, point2, coords_system=coords_system, frame_index=frame_index)
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        return self._shape(resource, AnnotationType.SQUARE, identifier, geometry, frame_index, facts)

    def add_point_annotation(
        self,
        point: Point,
        resource: str | Resource,
        identifier: str,
        frame_index: int | None = None,
        coords_system: CoordinateSystem = "pixel",
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
        value: dict[str, Any] | None = None,
    ) -> str:
        """A point, with a free ``value`` if wanted; its id."""
        geometry = Geometry.from_coordinates([point], coords_system=coords_system, frame_index=frame_index)
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        return self._shape(resource, AnnotationType.POINT, identifier, geometry, frame_index, facts, value)

    def add_polyline_annotation(
        self,
        points: Sequence[Point],
        resource: str | Resource,
        identifier: str,
        closed: bool = False,
        frame_index: int | None = None,
        coords_system: CoordinateSystem = "pixel",
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
        value: dict[str, Any] | None = None,
    ) -> str:
        """A line through points, or with ``closed`` the outline of an area; its id."""
        geometry = RegionGeometry.from_coordinates(
            points, coords_system=coords_system, frame_index=frame_index, closed=closed
        )
        facts = said_by(worklist_id, author_email, imported_from, model_id, source)
        return self._shape(resource, AnnotationType.REGION, identifier, geometry, frame_index, facts, value)

    def add_region_annotation(
        self, points: Sequence[Point], resource: str | Resource, identifier: str, **more: Any
    ) -> str:
        """The outline of an area; its id. Takes what :meth:`add_polyline_annotation` takes."""
        return self.add_polyline_annotation(points, resource, identifier, **{"closed": True, **more})

    def add_geometry_annotation(
        self,
        annotation_type: AnnotationType | str,
        points: Sequence[Point],
        resource: str | Resource,
        identifier: str,
        frame_index: int | None = None,
        coords_system: CoordinateSystem = "pixel",
        value: Any = None,
        units: str | None = None,
        worklist_id: str | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        model_id: str | None = None,
        source: str | None = "imported",
    ) -> str:
        """Any shape by its type and points (angle 3, distance 2, area and spline 2 or more, circle centre and edge); its id."""
        geometry = Geometry.from_coordinates(points, coords_system=coords_system, frame_index=frame_index)
        facts = {**said_by(worklist_id, author_email, imported_from, model_id, source), "units": units}
        return self._shape(resource, AnnotationType(annotation_type), identifier, geometry, frame_index, facts, value)

    def _shape(
        self,
        resource: str | Resource,
        kind: AnnotationType,
        identifier: str,
        geometry: Geometry,
        frame_index: int | None,
        facts: dict[str, Any],
        value: Any = None,
    ) -> str:
        fields = {
            "identifier": identifier,
            "geometry": geometry.to_dict(),
            "scope": "image" if frame_index is None else "frame",
            "frame_index": frame_index,
            "value": json.dumps(value) if isinstance(value, (dict, list)) else value,
            **facts,
        }
        return self._one(resource, kind, fields)
