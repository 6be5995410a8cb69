"""Datasets: what a project's resources are listed in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import httpx

from fiducial.api.base_api import ApiConfig
from fiducial.api.download import fetch_to
from fiducial.api.entity_base_api import DeletableEntityApi, without_none
from fiducial.api.progress import progress_of
from fiducial.entities.datasetinfo import DatasetInfo
from fiducial.entities.project import Project

if TYPE_CHECKING:
    from fiducial.api.client import Api

FileFormat = Literal["jpg", "png", "tiff", "dicom", "npy", "nifti"]


class DatasetsInfoApi(DeletableEntityApi[DatasetInfo]):
    """Calls around datasets."""

    def __init__(self, config: ApiConfig, client: httpx.Client | None = None, root: Api | None = None) -> None:
        super().__init__(config, DatasetInfo, "datasets", client, root)

    def get_resources(self, dataset: str | DatasetInfo, version: str | None = None) -> list[dict[str, Any]]:
        """The resources, as the server tells them."""
        params = without_none({"version": version})
        rows: list[dict[str, Any]] = self._json("GET", self._path(self._entid(dataset), "resources"), params=params)
        return rows

    def update_resources(
        self,
        dataset: str | DatasetInfo,
        resource_ids_to_add: Sequence[str] | None = None,
        resource_ids_to_delete: Sequence[str] | None = None,
        project: str | Project | None = None,
    ) -> None:
        """Add and take out resources."""
        body = {
            "all_files_selected": False,
            "resource_ids_to_add": None if resource_ids_to_add is None else list(resource_ids_to_add),
            "resource_ids_to_delete": None if resource_ids_to_delete is None else list(resource_ids_to_delete),
            "project_id": None if project is None else self.root.projects._id_of(project),
        }
        self._request("POST", self._path(self._entid(dataset), "resources"), json=without_none(body))

    def download(
        self,
        dataset: str | DatasetInfo,
        output_path: str | Path,
        format: FileFormat = "dicom",  # noqa: A002 - the documented name
        progress_bar: bool = True,
    ) -> None:
        """Save the dataset's files as one archive, each file in this format. It appears whole, or not at all."""
        token: str = self._json("GET", self._path(self._entid(dataset), "download", format))
        with progress_of("downloading", 1, 0, progress_bar) as progress:
            fetch_to(self, f"/datasets/download/{quote(token, safe='')}", Path(output_path), progress.moved)
            progress.done()
