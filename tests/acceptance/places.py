"""One resource of each kind, where points on it are, and every way of reading an annotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pydicom
from PIL import Image

from fiducial import Api
from tests.acceptance.support import got, new_dicom, new_video, send, when_ready
from tests.demo_data import DEMO_DATA

WITHIN = 1e-9
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Place:
    """A resource, and how points on it are written: ``affine`` (column, row, frame, 1) to LPS mm, or None for pixels."""

    id: str
    frames: int
    frame: int
    width: int
    height: int
    affine: Any = None

    def points(self, pixels: Sequence[tuple[float, float]]) -> list[list[float]]:
        """Pixels of ``frame`` as the wire has them on such a resource."""
        indices = np.array([[x, y, self.frame, 1.0] for x, y in pixels])
        return (indices if self.affine is None else indices @ self.affine.T)[:, :3].tolist()  # type: ignore[no-any-return]


def dicom_affine(*slices: Any) -> Any:
    """From the header, for slices in order (PS3.3 C.7.6.2.1.1)."""
    one = slices[0]
    row, column = np.array(one.ImageOrientationPatient[:3], float), np.array(one.ImageOrientationPatient[3:], float)
    origin = np.array(one.ImagePositionPatient, float)
    step = np.array(slices[-1].ImagePositionPatient, float) - origin if len(slices) > 1 else np.cross(row, column)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * float(one.PixelSpacing[1]), column * float(one.PixelSpacing[0])
    affine[:3, 2], affine[:3, 3] = step, origin
    return affine


def make_places(client: httpx.Client, api: Api) -> dict[str, Place]:
    """One resource of each kind."""
    ct, cine = DEMO_DATA / "ct_small.dcm", (DEMO_DATA / "echo_cine.dcm").read_bytes()
    head: Any = nib.load(DEMO_DATA / "mni152_t1.nii.gz")
    slices = [pydicom.dcmread(DEMO_DATA / "mr_series" / f"{n}.dcm", stop_before_pixels=True) for n in (0, 1)]
    slices.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    with Image.open(DEMO_DATA / "fundus.jpg") as picture:
        size = picture.size
    bare = new_dicom(ct, ImagePositionPatient=None, ImageOrientationPatient=None)
    ids = {
        "picture": send(client, "fundus.jpg", (DEMO_DATA / "fundus.jpg").read_bytes()),
        "dicom": send(client, "ct.dcm", ct.read_bytes()),
        "dicom without geometry": send(client, "bare.dcm", bare),
        "nifti": send(client, "head.nii.gz", (DEMO_DATA / "mni152_t1.nii.gz").read_bytes()),
        "series": api.resources.upload_series(DEMO_DATA / "mr_series", resume=False),
        "cine": send(client, "cine.dcm", cine),
        "video": send(client, "clip.mp4", new_video()),
    }
    for item_id in ids.values():
        assert when_ready(client, item_id)["state"] == "ready"
    return {
        "picture": Place(ids["picture"], 1, 0, *size),
        "dicom": Place(ids["dicom"], 1, 0, 128, 128, dicom_affine(pydicom.dcmread(ct))),
        "dicom without geometry": Place(ids["dicom without geometry"], 1, 0, 128, 128),
        "nifti": Place(ids["nifti"], head.shape[2], 20, head.shape[0], head.shape[1], LPS @ head.affine),
        "series": Place(ids["series"], 2, 1, 256, 256, dicom_affine(*slices)),
        "cine": Place(ids["cine"], 30, 17, 320, 240),
        "video": Place(ids["video"], 12, 5, 96, 64),
    }


PLACES = ("picture", "dicom", "dicom without geometry", "nifti", "series", "cine", "video")


def created(client: httpx.Client, place: Place, item: Mapping[str, Any]) -> str:
    answer = client.post(f"/annotations/{place.id}/annotations", json=[item])
    assert answer.status_code == 200, answer.text
    (made,) = answer.json()
    assert isinstance(made, str)
    return made


def searched(client: httpx.Client, place: Place) -> dict[str, dict[str, Any]]:
    body = {"resource_ids": [place.id], "offset": "0", "limit": "5000"}
    return {row["id"]: row for row in client.post("/annotations/search", json=body).raise_for_status().json()["data"]}


def seen_alike(client: httpx.Client, api: Api, place: Place, label_id: str) -> dict[str, Any]:
    """The annotation as every way of reading shows it: they agree in every field."""
    one: dict[str, Any] = got(client, f"/annotations/{label_id}")
    older = {row["id"]: row for row in got(client, "/annotations", resource_id=place.id)["data"]}
    assert searched(client, place)[label_id] == one
    assert older[label_id] == one
    (listed,) = [a for a in api.annotations.get_list(resource=place.id) if a.id == label_id]
    for ours in (listed, api.annotations.get_by_id(label_id)):
        told = ours.asdict()
        assert {name: told.get(name) for name in one if name != "value"} == {
            k: v for k, v in one.items() if k != "value"
        }
        assert ours.value == one["value"]
    return one


def assert_points(shown: Mapping[str, Any], expected: list[list[float]]) -> None:
    assert len(shown["points"]) == len(expected)
    np.testing.assert_allclose(shown["points"], expected, rtol=0, atol=WITHIN)
