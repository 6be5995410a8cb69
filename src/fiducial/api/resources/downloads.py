"""Downloads: files, frames and slices of resources."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fiducial.api.download import fetch_bytes, fetch_to
from fiducial.api.entity_base_api import in_parallel
from fiducial.api.pages import rows_of
from fiducial.api.progress import progress_of
from fiducial.api.resources.base import ResourceCalls
from fiducial.entities.resource import Resource
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from PIL.Image import Image


class DownloadCalls(ResourceCalls):
    """What arrives is checked against the server's hash, and appears at its place whole or not at all."""

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


def _suffix(filename: str) -> str:
    name = filename.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else Path(name).suffix
