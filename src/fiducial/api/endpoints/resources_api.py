# ruff: noqa: PLR0917 - documented signatures have many positional parameters
"""Resources: upload, search, download, publish, tag, delete and restore."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx
from pydantic import TypeAdapter

from fiducial.api.base_api import ApiConfig
from fiducial.api.download import fetch_bytes, fetch_to
from fiducial.api.entity_base_api import CreatableEntityApi, DeletableEntityApi, in_parallel, without_none
from fiducial.api.local_file import expanded, local_file
from fiducial.api.pages import rows_of
from fiducial.api.progress import progress_of
from fiducial.api.upload import OnError, Outcome, Together, ToSend, Uploader, UploadFacts, by_series, by_stack
from fiducial.api.upload_options import is_report, metadata_of, munged, refuse_anonymize, same_length
from fiducial.entities.channel import Channel
from fiducial.entities.project import Project
from fiducial.entities.resource import Resource
from fiducial.entities.resources import AnyResource
from fiducial.errors import Damaged, FiducialError, Invalid
from fiducial.exceptions import JobTimeoutError

if TYPE_CHECKING:
    from PIL.Image import Image

    from fiducial.api.client import Api
    from fiducial.entities.annotations import Annotation, AnnotationType

ResourceStatus = Literal["inbox", "published"]
ResourceFields = Literal["modality", "created_by", "published_by", "published_on", "filename", "created_at"]
Deleted = Literal["exclude", "include", "only"]
OneOrMore = str | Resource | Sequence[str | Resource]

_BULK = 200


class ResourcesApi(CreatableEntityApi[Resource], DeletableEntityApi[Resource]):
    """Calls around resources."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, Resource, "resources", client, root)

    @cached_property
    def _adapter(self) -> TypeAdapter[Resource]:
        return TypeAdapter(AnyResource)

    @cached_property
    def _list_adapter(self) -> TypeAdapter[list[Resource]]:
        return TypeAdapter(list[AnyResource])

    def create(self, *args: Any, return_entity: bool = True, exists_ok: bool = False, **kwargs: Any) -> Any:
        """The same as :meth:`upload_resource`; gives the resource, or its id."""
        resource_id = self.upload_resource(*args, **kwargs)
        return self.get_by_id(resource_id) if return_entity else resource_id

    # ---- finding

    def get_list(  # type: ignore[override]
        self,
        status: ResourceStatus | None = None,
        from_date: date | str | None = None,
        to_date: date | str | None = None,
        tags: Sequence[str] | None = None,
        modality: str | None = None,
        mimetype: str | None = None,
        source_filepath: str | Path | None = None,
        order_field: ResourceFields | None = None,
        order_ascending: bool | None = None,
        channel: str | None = None,
        project_name: Project | str | list[str] | None = None,
        filename: str | None = None,
        limit: int | None = None,
        deleted: Deleted | None = None,
    ) -> Sequence[Resource]:
        """Resources that fulfil all that is given. ``tags``: any of them. ``from_date`` is in, ``to_date`` is not.

        ``project_name``: a project, its name or id, or several; resources that are in all of them.
        """
        params = {
            "status": status or "",
            "from": _day(from_date),
            "to": _day(to_date),
            "modality": modality,
            "mimetype": mimetype,
            "order_field": order_field,
            "order_by_asc": None if order_ascending is None else str(order_ascending).lower(),
            "channel_name": channel,
            "filename": filename,
            "deleted": deleted,
            "tags": _items(list(tags), "union") if tags else None,
            "project": _items(_project_names(project_name), "intersection") if project_name else None,
        }
        if source_filepath is None:
            return self._pages(limit, without_none(params))
        path = str(source_filepath)
        found = [r for r in self._pages(None, without_none(params)) if r.source_filepath == path]
        return found[:limit]

    def get_deleted(self, **kwargs: Any) -> Sequence[Resource]:
        """Deleted resources; the same filters as :meth:`get_list`."""
        return self.get_list(deleted="only", **kwargs)

    def get_not_annotated(self, limit: int | None = None, **kwargs: Any) -> list[Resource]:
        """Resources without annotations."""
        return self._pages(limit, without_none(kwargs), "/resources/not-annotated")

    def list_channels(self, limit: int | None = None, **kwargs: Any) -> list[Channel]:
        """Channels with their resources."""
        return list(self.root.channels.get_list(limit=limit, **kwargs))

    def get_annotations(
        self, resource: str | Resource, annotation_type: AnnotationType | str | None = None
    ) -> Sequence[Annotation]:
        """The resource's annotations."""
        return self.root.annotations.get_list(resource, annotation_type=annotation_type)

    # ---- uploading

    def upload_resources(
        self,
        files_path: Sequence[Any] | str | Path,
        mimetype: str | None = None,
        anonymize: bool = False,
        anonymize_retain_codes: Sequence[tuple[int, int]] = (),
        on_error: OnError = "raise",
        tags: Sequence[str] | None = None,
        mung_filename: Sequence[int] | Literal["all"] | None = None,
        channel: str | None = None,
        publish: bool = False,
        publish_to: Project | str | None = None,
        segmentation_files: Sequence[Any] | None = None,
        transpose_segmentation: bool = False,
        modality: str | None = None,
        assemble_dicoms: bool = True,
        metadata: Sequence[str | dict[str, Any] | None] | None = None,
        discard_dicom_reports: bool = True,
        progress_bar: bool = False,
        *,
        connections: int = 4,
        resume: bool = True,
        _together: Together | None = None,
    ) -> list[str | Exception]:
        """Upload files, folders (all files below), patterns, open files or Datasets; ids in the files' order.

        ``assemble_dicoms``: DICOM slices of one series and size become one item, and each of them gets its id. The files go as
        they are; the server orders them by geometry. ``resume``: what the server has already, same bytes and same file name, is
        not sent again, and gives the id that is there (tags, publishing and ``publish_to`` then apply to that one).
        ``on_error="skip"`` leaves the exception in the place of the id and goes on. ``discard_dicom_reports`` leaves
        structured reports out, with a warning. ``metadata``: per file a mapping, JSON text or the path of a JSON file.
        ``segmentation_files``: per file the mask files, or ``{"files": [...], "names": ...}``.
        """
        if isinstance(files_path, (str, Path)):
            files_path = [files_path]
        refuse_anonymize(anonymize, anonymize_retain_codes)
        files = [local_file(thing) for thing in expanded(files_path)]
        same_length("metadata", metadata, files)
        same_length("segmentation_files", segmentation_files, files)
        facts = [metadata_of(one) for one in metadata] if metadata else [None] * len(files)
        to_send = [
            ToSend(munged(file, mung_filename), fact)
            for file, fact in zip(files, facts, strict=True)
            if not (discard_dicom_reports and is_report(file))
        ]
        if segmentation_files is not None and len(to_send) != len(files):
            raise Invalid("segmentation_files cannot go with reports that are left out", field="segmentation_files")
        project = self.root.projects._id_of(publish_to) if publish_to is not None else None
        shared = UploadFacts(channel, modality, mimetype, publish, tuple(tags or ()))
        size = sum(one.file.size for one in to_send)
        together = _together if _together is not None else by_stack if assemble_dicoms else None
        with progress_of("uploading", len(to_send), size, progress_bar) as progress:
            uploader = Uploader(self._connection, shared, connections, on_error, resume, progress)
            outcomes = uploader.send(to_send, together)
        self._after(outcomes, shared, project)
        if segmentation_files is not None:
            self._segmentations(outcomes, segmentation_files, transpose_segmentation, on_error)
        return [_result(outcome) for outcome in outcomes]

    def upload_resource(
        self,
        file_path: Any,
        mimetype: str | None = None,
        anonymize: bool = False,
        anonymize_retain_codes: Sequence[tuple[int, int]] = (),
        tags: Sequence[str] | None = None,
        mung_filename: Sequence[int] | Literal["all"] | None = None,
        channel: str | None = None,
        publish: bool = False,
        publish_to: Project | str | None = None,
        segmentation_files: Any = None,
        transpose_segmentation: bool = False,
        modality: str | None = None,
        metadata: dict[str, Any] | str | None = None,
        discard_dicom_reports: bool = True,
        *,
        resume: bool = True,
    ) -> str:
        """Upload one file, as one item; see :meth:`upload_resources`."""
        file = local_file(file_path)
        if discard_dicom_reports and is_report(file):
            raise Invalid(
                f"{file.name} is a DICOM report; upload it with discard_dicom_reports=False", field="file_path"
            )
        (result,) = self.upload_resources(
            [file],
            mimetype=mimetype,
            anonymize=anonymize,
            anonymize_retain_codes=anonymize_retain_codes,
            tags=tags,
            mung_filename=mung_filename,
            channel=channel,
            publish=publish,
            publish_to=publish_to,
            segmentation_files=None if segmentation_files is None else [segmentation_files],
            transpose_segmentation=transpose_segmentation,
            modality=modality,
            assemble_dicoms=False,
            metadata=None if metadata is None else [metadata],
            discard_dicom_reports=False,
            resume=resume,
        )
        return str(result)

    def upload_series(self, files_path: Sequence[Any] | str | Path, **kwargs: Any) -> str:
        """Upload the files of one DICOM series as one item, in any order; its id. Takes what :meth:`upload_resources` takes.

        Files of several series are refused with Invalid before anything is sent.
        """
        things = [files_path] if isinstance(files_path, (str, Path)) else files_path
        files = [local_file(thing) for thing in expanded(things)]
        uids = {file.series_uid for file in files}
        if len(uids) != 1 or None in uids:
            found = ", ".join(sorted(str(uid) for uid in uids))
            raise Invalid(
                f"the files must be single frames of one DICOM series; found series: {found}", field="files_path"
            )
        results = self.upload_resources(files, **{**kwargs, "_together": by_series})
        return str(next(result for result in results if isinstance(result, str)))

    def _after(self, outcomes: Sequence[Outcome], facts: UploadFacts, project: str | None) -> None:
        """What was there already has not heard of this call's tags and publishing."""
        reused = _distinct(o.item_id for o in outcomes if o.reused and o.item_id)
        if reused and facts.publish:
            self.bulk_publish(reused)
        if reused and facts.tags:
            self.add_tags(reused, facts.tags)
        ids = _distinct(o.item_id for o in outcomes if o.item_id)
        if project is not None and ids:
            self.root.projects.add_resources(ids, project)

    def _segmentations(
        self, outcomes: Sequence[Outcome], given: Sequence[Any], transpose: bool, on_error: OnError
    ) -> None:
        for outcome, segmentations in zip(outcomes, given, strict=True):
            if outcome.item_id is None or segmentations is None:
                continue
            try:
                self._segment(outcome.item_id, segmentations, transpose)
            except FiducialError as error:
                if on_error == "raise":
                    raise
                outcome.error = error

    def _segment(self, item_id: str, given: Any, transpose: bool) -> None:
        listed = dict(given) if isinstance(given, Mapping) else {"files": given}
        files = listed.pop("files")
        names = listed.pop("names", listed.pop("name", None))
        for file in [files] if isinstance(files, (str, Path)) else files:
            if str(file).lower().endswith((".nii", ".nii.gz")):
                self.root.annotations.upload_volume_segmentation(item_id, file, names, transpose_segmentation=transpose)
            else:
                self.root.annotations.upload_segmentations(
                    item_id, file, names, transpose_segmentation=transpose, **listed
                )

    # ---- downloading

    def download_resource_file(
        self,
        resource: str | Resource,
        save_path: str | None = None,
        auto_convert: bool = True,
        add_extension: bool = False,
    ) -> Any:
        """The file's content, converted if wanted (see :meth:`fiducial.entities.Resource.fetch_file_data`).

        With ``add_extension`` the name's ending is put behind ``save_path``, and the answer is ``(content, path)``.
        """
        found = self.get_by_id(resource) if isinstance(resource, str) else resource
        if save_path is not None and add_extension:
            save_path += _suffix(found.filename)
        data = found.fetch_file_data(auto_convert=auto_convert, save_path=save_path)  # type: ignore[call-overload]
        return (data, save_path) if add_extension else data

    def download_resource_frame(self, resource: str | Resource, frame_index: int) -> Image:
        """One frame as a picture for looking (windowed, 8 bit); values are in :meth:`fiducial.entities.Resource.get_frame`."""
        import PIL.Image

        if frame_index < 0:
            raise Invalid(f"frame_index is {frame_index}, and counts from 0", field="frame_index")
        path = self._path(self._entid(resource), "frames", str(frame_index))
        image = PIL.Image.open(BytesIO(self._request("GET", path, headers={"Accept": "image/*"}).content))
        image.load()
        return image

    def download_multiple_resources(
        self,
        resources: Sequence[str] | Sequence[Resource],
        save_path: Sequence[str] | str,
        add_extension: bool = False,
        overwrite: bool = True,
        *,
        connections: int = 8,
        progress_bar: bool = False,
    ) -> list[str]:
        """Download files over several connections; the paths, in order. Each is checked against the server's hash.

        ``save_path``: a folder, or a path per resource. In a folder a file is named by its id, with ``add_extension`` with
        the ending of its name. ``overwrite=False`` leaves files that are there as they are.
        """
        ids = [self._entid(resource) for resource in resources]
        paths = self._places(resources, save_path, add_extension)

        def fetch(number: int) -> str:
            place = Path(paths[number])
            if overwrite or not place.exists():
                fetch_to(self, self._path(ids[number], "file"), place, progress.moved)
            progress.done()
            return paths[number]

        size = sum(r.size for r in resources if isinstance(r, Resource))
        with progress_of("downloading", len(ids), size, progress_bar) as progress:
            return in_parallel(fetch, range(len(ids)), connections)

    def _places(self, resources: Sequence[Any], save_path: Sequence[str] | str, add_extension: bool) -> list[str]:
        if isinstance(save_path, (str, Path)):
            paths = [str(Path(save_path) / self._entid(resource)) for resource in resources]
        else:
            paths = [str(path) for path in save_path]
        if len(paths) != len(resources):
            raise Invalid(f"{len(resources)} resources need as many paths, not {len(paths)}", field="save_path")
        if not add_extension:
            return paths
        found = in_parallel(lambda r: self.get_by_id(r) if isinstance(r, str) else r, resources)
        return [path + _suffix(resource.filename) for path, resource in zip(paths, found, strict=True)]

    def cache_resources(
        self, resources: Sequence[Resource], progress_bar: bool = True, *, connections: int = 8
    ) -> None:
        """Download what is not in the local cache yet, over several connections. The first error is raised at the end."""
        missing = [resource for resource in resources if not resource.is_cached()]
        with progress_of("caching", len(missing), sum(r.size for r in missing), progress_bar) as progress:

            def cache(resource: Resource) -> None:
                progress.moved(resource.local_path().stat().st_size)
                progress.done()

            in_parallel(cache, missing, connections)

    # ---- our server's own

    def findings(self, resource: str | Resource) -> list[dict[str, Any]]:
        """What is not ordinary about the resource: ``code``, ``severity``, ``message``, ``evidence`` of each."""
        return rows_of(self._request("GET", self._path(self._entid(resource), "findings")).content, "findings")

    def files(self, resource: str | Resource) -> list[dict[str, Any]]:
        """The original files of the resource, in their order: ``index``, ``filename``, ``size``, ``sha256`` …"""
        return rows_of(self._request("GET", self._path(self._entid(resource), "files")).content, "files")

    def download_file(
        self, resource: str | Resource, ordinal: int, save_path: str | Path | None = None
    ) -> bytes | Path:
        """Original file ``ordinal`` (from 0), byte for byte: its content, or the path it was saved to."""
        path = self._path(self._entid(resource), "files", str(ordinal))
        if save_path is None:
            return fetch_bytes(self, path)
        fetch_to(self, path, Path(save_path))
        return Path(save_path)

    def thumbnail(self, resource: str | Resource) -> bytes:
        """A small picture of the resource, as an image file."""
        return self._request("GET", self._path(self._entid(resource), "thumbnail")).content

    def download_resource_slice(self, resource: str | Resource, axis: str, index: int) -> Image:
        """One plane of a volume as a picture for looking (windowed, 8 bit), made by the server."""
        import PIL.Image

        path = self._path(self._entid(resource), "slices", axis, str(index))
        image = PIL.Image.open(BytesIO(self._request("GET", path).content))
        image.load()
        return image

    def wait_until_ready(
        self,
        resources: OneOrMore,
        timeout: float = 300.0,
        poll_interval: float = 0.25,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> list[Resource]:
        """Wait until the server has finished its follow-up work (ordering a series, say); the resources as they are then.

        One that failed is raised as :class:`~fiducial.errors.Damaged` with the server's reason.
        """
        started, found = clock(), []
        for one in _listed(resources):
            resource = self.get_by_id(self._entid(one))
            while (state := getattr(resource, "state", "ready")) == "pending":
                if clock() - started >= timeout:
                    raise JobTimeoutError(f"{resource.filename} is still {state} after {timeout} s", id=resource.id)
                pause(poll_interval)
                resource = self.get_by_id(resource.id)
            if state == "failed":
                reason = getattr(resource, "state_reason", None)
                raise Damaged(f"{resource.filename}: {reason}", id=resource.id)
            found.append(resource)
        return found

    def patch(self, resource: str | Resource, changes: dict[str, Any]) -> Resource:
        """Change ``metadata``, ``filename``, ``modality``, ``channel`` or ``tags``, and give the resource as it is now."""
        self._request("PATCH", self._path(self._entid(resource)), json=changes)
        return self.get_by_id(self._entid(resource))

    # ---- state

    def publish_resources(self, resources: OneOrMore) -> None:
        """Publish them; those that are published stay so."""
        self.bulk_publish(_listed(resources))

    def bulk_publish(self, resources: Sequence[str | Resource]) -> None:
        """Publish several in one request."""
        self._request("POST", "/resources/bulk-publish", json={"resource_ids": [self._entid(r) for r in resources]})

    def set_tags(self, resource: OneOrMore, tags: Sequence[str]) -> None:
        """Replace the tags of one or several."""
        body: dict[str, Any] = {"tags": list(tags)}
        if isinstance(resource, (str, Resource)):
            self._request("PUT", self._path(self._entid(resource), "tags"), json=body)
        else:
            body["resource_ids"] = [self._entid(r) for r in resource]
            self._request("PUT", "/resources/tags", json=body)

    def add_tags(self, resource: OneOrMore, tags: Sequence[str]) -> None:
        """Add tags to those that are there, in order."""

        def add(one: str | Resource) -> None:
            found = self.get_by_id(self._entid(one))
            wanted = _distinct([*(found.tags or ()), *tags])
            if wanted != list(found.tags or ()):
                self.set_tags(found, wanted)

        in_parallel(add, _listed(resource))

    def bulk_delete(self, entities: Sequence[str | Resource]) -> None:
        """Delete several, some hundred in one request."""
        ids = [self._entid(entity) for entity in entities]
        for start in range(0, len(ids), _BULK):
            self._request("DELETE", "/resources", params={"resource_ids": ",".join(ids[start : start + _BULK])})

    def restore(self, resource: str | Resource) -> Resource:
        """Take a deletion back; the resource as it is now."""
        return self._parse_one(self._request("POST", self._path(self._entid(resource), "restore")).content)

    def bulk_restore(self, resources: Sequence[str | Resource]) -> dict[str, list[Any]]:
        """Take deletions back: ``{"restored": [id], "skipped": [{"id", "reason"}]}``."""
        found: dict[str, list[Any]] = self._json(
            "POST", "/resources/restore", json={"ids": [self._entid(r) for r in resources]}
        )
        return found

    def rank_resources(
        self,
        resources: Sequence[Resource],
        score_fn: Callable[[Resource], float | None],
        *,
        descending: bool = True,
        top_k: int | None = None,
    ) -> list[tuple[Resource, float]]:
        """Resources with their score, best first; those whose score is None are left out."""
        scored = [(resource, score) for resource in resources if (score := score_fn(resource)) is not None]
        return sorted(scored, key=lambda pair: pair[1], reverse=descending)[:top_k]


def _result(outcome: Outcome) -> str | Exception:
    return outcome.error if outcome.error is not None else str(outcome.item_id)


def _distinct(ids: Any) -> list[str]:
    return list(dict.fromkeys(ids))


def _listed(resources: OneOrMore) -> Sequence[str | Resource]:
    return [resources] if isinstance(resources, (str, Resource)) else resources


def _day(value: date | str | None) -> str | None:
    return value.isoformat() if isinstance(value, date) else value


def _items(items: Sequence[str], how: str) -> str:
    return json.dumps({"items": list(items), "filterType": how})


def _project_names(project: Project | str | list[str]) -> list[str]:
    if isinstance(project, Project):
        return [project.name]
    return [project] if isinstance(project, str) else [p.name if isinstance(p, Project) else p for p in project]


def _suffix(filename: str) -> str:
    name = filename.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix
