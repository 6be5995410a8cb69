# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Annotations: every kind in and out, masks of frames and volumes, tracks over frames."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx
import numpy.typing as npt
from pydantic import TypeAdapter

from fiducial.api.annotation_item import as_sent, fields_of, on_frames, said_by
from fiducial.api.base_api import ApiConfig
from fiducial.api.download import fetch_to
from fiducial.api.entity_base_api import CreatableEntityApi, DeletableEntityApi, in_parallel, without_none
from fiducial.api.pages import all_rows
from fiducial.api.segmentation import Names, frames_of, named_masks
from fiducial.api.volume_file import nifti_of
from fiducial.entities.annotations import Annotation, AnnotationType, AnyAnnotation, BoxGeometry, Geometry
from fiducial.entities.annotations.geometry import CoordinateSystem, RegionGeometry
from fiducial.entities.project import Project
from fiducial.entities.resource import Resource
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.api.client import Api

Point = Sequence[float]
Source = Literal["manual", "imported", "model_pipeline", "model_deploy"]
Deleted = Literal["exclude", "include", "only"]


class AnnotationsApi(CreatableEntityApi[Annotation], DeletableEntityApi[Annotation]):
    """Calls around annotations.

    Pixel points are pixel indices (x right, y down, integer = pixel centre) of frame ``frame_index``; patient points are
    LPS in mm. Pixel points mean pixels on every kind of resource: the geometry says which of the two it is.
    """

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, Annotation, "annotations", client, root)

    @cached_property
    def _adapter(self) -> TypeAdapter[Annotation]:
        return TypeAdapter(AnyAnnotation)

    @cached_property
    def _list_adapter(self) -> TypeAdapter[list[Annotation]]:
        return TypeAdapter(list[AnyAnnotation])

    # ---- finding

    def get_list(  # type: ignore[override]
        self,
        resource: str | Resource | Sequence[str | Resource] | None = None,
        annotation_type: AnnotationType | str | None = None,
        annotator_email: str | None = None,
        from_date: date | str | None = None,
        to_date: date | str | None = None,
        dataset_id: str | None = None,
        worklist_id: str | None = None,
        status: Literal["new", "published"] | None = None,
        source: Source | None = None,
        deleted: Deleted | None = None,
        load_ai_segmentations: bool | None = None,
        limit: int | None = None,
        group_by_resource: bool = False,
        **kwargs: Any,
    ) -> Sequence[Any]:
        """Annotations that fulfil all that is given; with ``group_by_resource`` a list per resource, in the order given."""
        ids = self._resource_ids(resource)
        if ids == []:
            return []
        criteria = without_none(
            {
                "annotation_type": None if annotation_type is None else str(annotation_type),
                "annotatorEmail": annotator_email,
                "from": from_date.isoformat() if isinstance(from_date, date) else from_date,
                "to": to_date.isoformat() if isinstance(to_date, date) else to_date,
                "dataset_id": dataset_id,
                "annotation_worklist_id": worklist_id,
                "status": status,
                "source": source,
                "deleted": deleted,
                "load_ai_segmentations": load_ai_segmentations,
                "resource_ids": ids,
                **kwargs,
            }
        )
        found = self._search(criteria, limit)
        return _grouped(found, ids or []) if group_by_resource else found

    def get_all(self, limit: int | None = None) -> Sequence[Annotation]:
        return self.get_list(limit=limit)

    def get_deleted(
        self, resource: str | Resource | Sequence[str | Resource] | None = None, **kwargs: Any
    ) -> Sequence[Annotation]:
        """Deleted annotations; the same filters as :meth:`get_list`."""
        return self.get_list(resource, deleted="only", **kwargs)

    def _search(self, criteria: dict[str, Any], limit: int | None) -> list[Annotation]:
        def fetch(offset: int, size: int) -> bytes:
            body = {**criteria, "offset": str(offset), "limit": str(size)}
            return self._request("POST", "/annotations/search", json=body).content

        return all_rows(fetch, self._parse_list, limit)

    def _resource_ids(self, resource: Any) -> list[str] | None:
        if resource is None:
            return None
        if isinstance(resource, (str, Resource)):
            return [self._entid(resource)]
        return [self._entid(one) for one in resource]

    # ---- creating

    def create(self, resource: str | Resource, annotation_dto: Any, **_: Any) -> Any:  # type: ignore[override]
        """Write one annotation, or several in one request (all or none): its id, or the ids in order.

        An annotation is an :class:`~fiducial.entities.Annotation` or a mapping of the same fields.
        """
        if isinstance(annotation_dto, (Annotation, Mapping)):
            (created,) = self._create_all(resource, [annotation_dto])
            return created
        return self._create_all(resource, annotation_dto)

    def _create_all(self, resource: str | Resource, annotations: Sequence[Any]) -> list[str]:
        if not annotations:
            return []
        path = self._path(self._entid(resource), "annotations")
        ids = self._json("POST", path, json=[as_sent(annotation) for annotation in annotations])
        return [str(annotation_id) for annotation_id in ids]

    def _one(self, resource: str | Resource, kind: AnnotationType, fields: dict[str, Any]) -> str:
        return str(self.create(resource, {"type": kind, **fields}))

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

    # ---- masks

    def upload_segmentations(
        self,
        resource: str | Resource,
        file_path: str | Path | npt.NDArray[Any],
        name: Names = None,
        frame_index: int | list[int] | None = None,
        imported_from: str | None = None,
        author_email: str | None = None,
        discard_empty_segmentations: bool = True,
        worklist_id: str | None = None,
        transpose_segmentation: bool = False,
        model_name: str | None = None,
        source: str | None = "imported",
    ) -> list[str]:
        """Masks frame by frame, from a picture or an array ``[row, column]``, ``[row, column, frame]`` or
        ``[3, row, column, frame]``; one annotation per value that is not 0 and per frame. Their ids.

        ``name`` is one name, or names by value (an int, or a colour's three) with ``"default"`` for the others.
        ``frame_index`` says which frames these are; None counts from 0. If a mask is refused nothing is kept.
        """
        frames = frames_of(file_path, transpose_segmentation)
        masks = list(named_masks(frames, name, frame_index, keep_empty=not discard_empty_segmentations))
        facts = said_by(worklist_id, author_email, imported_from, model_name, source)
        fields = [
            {"type": "segmentation", "identifier": m.name, "scope": "frame", "frame_index": m.frame_index, **facts}
            for m in masks
        ]
        ids = self._create_all(resource, fields)
        try:
            in_parallel(lambda n: self._attach(resource, ids[n], masks[n].png(), masks[n].name), range(len(ids)))
        except BaseException:
            self.delete_batch(ids)
            raise
        return ids

    def upload_volume_segmentation(
        self,
        resource: str | Resource,
        file_path: str | Path | npt.NDArray[Any] | Any,
        name: Mapping[int, str] | str | None = None,
        imported_from: str | None = None,
        worklist_id: str | None = None,
        model_name: str | None = None,
        transpose_segmentation: bool = False,
        source: str | None = "imported",
    ) -> list[str]:
        """A label map over a volume, one annotation per value that is not 0; their ids.

        ``file_path`` is a NIfTI file, a nibabel image, or an array in the order of a NIfTI file's axes (column, row, slice)
        on the resource's own grid. ``name`` names the values; one text names value 1. Values without a name are called by
        the value.
        """
        filename, content = nifti_of(file_path, transpose_segmentation)
        names = {1: name} if isinstance(name, str) else dict(name or {})
        fields = without_none(
            {
                "segmentation_map": json.dumps({str(value): label for value, label in names.items()}),
                "annotation_worklist_id": worklist_id,
                "imported_from": imported_from,
                "model_id": model_name,
                "source": source,
            }
        )
        path = self._path(self._entid(resource), "segmentations", "file")
        with content as source_file:
            body = {"file": (filename, source_file, "application/nifti")}
            ids = self._json("POST", path, data=fields, files=body, what=filename)
        return [str(annotation_id) for annotation_id in ids]

    def upload_annotation_file(
        self,
        resource: str | Resource,
        annotation_id: str,
        file: str | Path | Any,
        content_type: str | None = None,
        filename: str | None = None,
    ) -> None:
        """Attach a file (a mask as PNG, a volume as NIfTI) to a segmentation that is there."""
        if isinstance(file, (str, Path)):
            with Path(file).open("rb") as opened:
                self._attach(resource, annotation_id, opened, filename or Path(file).name, content_type)
        else:
            self._attach(resource, annotation_id, file, filename or "file", content_type)

    def _attach(
        self,
        resource: str | Resource,
        annotation_id: str,
        content: Any,
        filename: str,
        content_type: str | None = "image/png",
    ) -> None:
        path = self._path(self._entid(resource), "annotations", annotation_id, "file")
        mimetype = content_type or "application/octet-stream"
        self._request("POST", path, files={"file": (filename, content, mimetype)}, what=filename)

    def upload_predictions(
        self,
        resource: str | Resource,
        predictions: Sequence[Annotation],
        model_name: str | None = None,
        source: str | None = "model_pipeline",
    ) -> list[str]:
        """Annotations that a model made, in one request; their ids. Masks go through :meth:`upload_segmentations`."""
        if any(one.is_segmentation() for one in predictions):
            raise Invalid("masks are uploaded by upload_segmentations(model_name=...)", field="predictions")
        made = {"is_model": True, "model_id": model_name, "source": source}
        return self._create_all(resource, [{**fields_of(one), **without_none(made)} for one in predictions])

    # ---- tracks over frames

    def set_frame_ranges(
        self,
        resource: str | Resource,
        identifier: str,
        type: AnnotationType | str,  # noqa: A002 - the documented name
        values: Mapping[str | float | None, Sequence[tuple[int, int]]],
        worklist_id: str | None = None,
        model_id: str | None = None,
        source: str | None = None,
    ) -> dict[str, Any]:
        """Replace a whole track (resource, identifier, type, author, worklist): per value its frames ``[start, end)``.

        What is not in ``values`` is removed; an empty mapping clears the track. The key None is for labels, which have no
        value. Gives the rows that were ``created`` and ``deleted``.
        """
        listed = [
            without_none({"value": value}) | {"frame_ranges": [{"start": start, "end": end} for start, end in ranges]}
            for value, ranges in values.items()
        ]
        body = {
            "identifier": identifier,
            "type": AnnotationType(type).value,
            "values": listed,
            "annotation_worklist_id": worklist_id,
            "model_id": model_id,
            "source": source,
        }
        path = self._path(self._entid(resource), "frame-ranges")
        found: dict[str, Any] = self._json("PUT", path, json=without_none(body))
        return found

    def get_frame_ranges(
        self, resource: str | Resource, worklist_id: str | None = None, created_by: str | None = None
    ) -> list[dict[str, Any]]:
        """What is said of frames, one record per identifier, value and author; ``frame_ranges`` are ``(start, end)``, the end
        not in.
        """
        params = without_none({"annotation_worklist_id": worklist_id, "created_by": created_by})
        rows: list[dict[str, Any]] = self._json("GET", self._path(self._entid(resource), "frame-ranges"), params=params)
        for row in rows:
            row["frame_ranges"] = [(r["start"], r["end"]) for r in row.get("frame_ranges") or ()]
        return rows

    # ---- files

    def download_file(self, annotation: str | Annotation, fpath_out: str | Path | None = None) -> bytes:
        """The annotation's file as it was uploaded: its bytes, saved to ``fpath_out`` too if given."""
        found = self.get_by_id(annotation) if isinstance(annotation, str) else annotation
        save = None if fpath_out is None else str(fpath_out)
        if found._api is None:
            found = self._own(found)
        return found.fetch_file_data(auto_convert=False, save_path=save)

    def download_multiple_files(
        self, annotations: Sequence[str | Annotation], save_paths: Sequence[str | Path] | str | Path
    ) -> list[dict[str, Any]]:
        """Files over several connections, into a folder or to a path each.

        Per annotation ``{"success", "annotation_id", "save_path"}``, and ``"error"`` where it failed: look at it.
        """
        if isinstance(save_paths, (str, Path)):
            save_paths = [Path(save_paths) / self._entid(annotation) for annotation in annotations]
        pairs = list(zip(annotations, save_paths, strict=True))
        return in_parallel(lambda pair: self._download_one(*pair), pairs)

    def bulk_download_file(
        self, annotations: Sequence[str | Annotation], save_paths: Sequence[str | Path] | str | Path
    ) -> list[dict[str, Any]]:
        """The same as :meth:`download_multiple_files`."""
        return self.download_multiple_files(annotations, save_paths)

    def _download_one(self, annotation: str | Annotation, save_path: str | Path) -> dict[str, Any]:
        told = {"annotation_id": self._entid(annotation), "save_path": str(save_path)}
        try:
            found = self.get_by_id(annotation) if isinstance(annotation, str) else annotation
            path = self._path(str(found.resource_id), "annotations", str(found.id), "file")
            fetch_to(self, path, Path(save_path))
        except Exception as error:
            return {"success": False, "error": str(error), **told}
        return {"success": True, **told}

    # ---- history

    def history(self, annotation: str | Annotation) -> list[dict[str, Any]]:
        """Every change of the annotation, the oldest first; of one on a range of frames, of the whole range.

        Each is ``number`` (from 1), ``at`` (ISO 8601, UTC), ``by`` (e-mail address), ``action`` (``create``, ``update``,
        ``delete``, ``restore``, ``approve``), ``origin`` (the dialect or job that wrote it), ``before`` and ``after`` (the
        label's fields with its ``marks``; ``before`` is None for a creation), ``annotation_id`` and ``event_id``. Raises
        :class:`~fiducial.exceptions.ItemNotFoundError` when there is no such annotation.
        """
        found: list[dict[str, Any]] = self._json("GET", self._path(self._entid(annotation), "history"))
        return found

    # ---- changing

    def patch(
        self, annotation: str | Annotation, identifier: str | None = None, project: str | Project | None = None
    ) -> None:
        """Rename an annotation, or move it to a project."""
        project_id = None if project is None else self.root.projects._id_of(project)
        body = without_none({"identifier": identifier, "project_id": project_id})
        self._request("PATCH", self._path(self._entid(annotation)), json=body)

    def approve(self, annotation: str | Annotation) -> None:
        """Mark it as approved by the key's owner."""
        self._request("PATCH", self._path(self._entid(annotation), "approve"))

    def delete_batch(self, annotation_ids: Sequence[str | Annotation]) -> None:
        """Delete several in one request."""
        if annotation_ids:
            ids = [self._entid(annotation) for annotation in annotation_ids]
            self._request("POST", "/annotations/delete-batch", json={"ids": ids})

    def bulk_delete(self, entities: Sequence[str | Annotation]) -> None:
        """The same as :meth:`delete_batch`."""
        self.delete_batch(entities)


def _grouped(found: Sequence[Annotation], resource_ids: Sequence[str]) -> list[list[Annotation]]:
    by_resource: dict[str | None, list[Annotation]] = defaultdict(list)
    for annotation in found:
        by_resource[annotation.resource_id].append(annotation)
    order = resource_ids or [key for key in by_resource if key is not None]
    return [by_resource[resource_id] for resource_id in order]
