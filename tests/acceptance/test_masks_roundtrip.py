"""Masks: of a frame as PNG, of a volume as NIfTI, bit for bit, by every way of writing and reading."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from fiducial import Api
from tests.acceptance.places import LPS, PLACES, Place, created, make_places, seen_alike
from tests.acceptance.support import api_of, got
from tests.demo_data import DEMO_DATA
from tests.running import Running

every_place = pytest.mark.parametrize("where", PLACES)


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def places(client: httpx.Client, api: Api) -> dict[str, Place]:
    return make_places(client, api)


# -- masks ------------------------------------------------------------------------------------------------------------


def drawn(place: Place, seed: int = 0) -> Any:
    """A mask with holes, single pixels and the image's corners, ``[row, column]``."""
    mask = np.random.default_rng(seed).random((place.height, place.width)) > 0.97
    mask[10:30, 12:33], mask[15:18, 15:20] = True, False
    mask[0, 0] = mask[-1, -1] = mask[0, -1] = True
    return mask


def png(mask: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(out, "PNG")
    return out.getvalue()


def volume_of(content: bytes) -> Any:
    return nib.Nifti1Image.from_bytes(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)


@every_place
def test_mask_of_a_frame(client: httpx.Client, api: Api, places: dict[str, Place], where: str) -> None:
    place, mask = places[where], drawn(places[where])
    at = {"scope": "frame", "frame_index": place.frame}
    label_id = created(client, place, {"type": "segmentation", "identifier": "by hand", "source": "imported", **at})
    address = f"/annotations/{place.id}/annotations/{label_id}/file"
    body = png(mask)
    client.post(address, files={"file": ("by hand", body, "image/png")}).raise_for_status()
    told = seen_alike(client, api, place, label_id)
    assert (told["annotation_type"], told["frame_index"], bool(told["associated_file"])) == (
        "segmentation",
        place.frame,
        True,
    )
    assert client.get(address).content == body
    assert api.annotations.download_file(label_id) == body

    (ours,) = api.annotations.upload_segmentations(place.id, mask.astype(np.uint8), "by array", frame_index=place.frame)
    shown = Image.open(io.BytesIO(client.get(f"/annotations/{place.id}/annotations/{ours}/file").content))
    assert (shown.mode, shown.size) == ("L", (place.width, place.height))
    np.testing.assert_array_equal(np.asarray(shown), mask.astype(np.uint8) * 255)

    other = png(drawn(place, seed=1))  # replacing the file shows in associated_file, by which clients keep their caches
    client.post(address, files={"file": ("by hand", other, "image/png")}).raise_for_status()
    assert got(client, f"/annotations/{label_id}")["associated_file"] != told["associated_file"]
    assert client.get(address).content == other


@pytest.mark.parametrize("by", ["file", "array"])
def test_volume_is_split_by_label(
    client: httpx.Client, api: Api, places: dict[str, Place], by: str, tmp_path: Path
) -> None:
    place, source = places["nifti"], nib.load(DEMO_DATA / "mni152_t1.nii.gz")
    labels = np.zeros(source.shape, np.uint8)
    labels[20:40, 30:50, 10:30], labels[5, 6, 7], labels[41:44, 30:50, 10:30] = 1, 2, 7
    path = tmp_path / "labels.nii.gz"
    nib.save(nib.Nifti1Image(labels, source.affine), path)
    given: Any = path if by == "file" else labels
    ids = api.annotations.upload_volume_segmentation(
        place.id, given, {1: f"one {by}", 2: f"two {by}", 7: f"seven {by}"}
    )
    found = {row["identifier"]: row for i in ids if (row := seen_alike(client, api, place, i))}
    for name, value in (("one", 1), ("two", 2), ("seven", 7)):
        row = found[f"{name} {by}"]
        assert (row["annotation_type"], row["scope"], row["frame_index"]) == ("segmentation", "image", None)
        content = api.annotations.download_file(row["id"])
        mask = volume_of(content)
        np.testing.assert_array_equal(np.asarray(mask.dataobj), (labels == value).astype(np.uint8))
        if by == "file":
            np.testing.assert_allclose(mask.affine, source.affine, rtol=0, atol=1e-4)
    assert len(ids) == 3


def test_volume_mask_of_a_series(client: httpx.Client, api: Api, places: dict[str, Place]) -> None:
    place, labels = places["series"], np.zeros((256, 256, 2), np.uint8)
    labels[30:60, 100:120, 1], labels[0, 255, 0] = 1, 1
    (label_id,) = api.annotations.upload_volume_segmentation(place.id, labels, "spot")
    content = api.annotations.download_file(label_id)
    mask = volume_of(content)
    np.testing.assert_array_equal(np.asarray(mask.dataobj), labels)


@pytest.mark.parametrize("where", ["nifti", "series"])
def test_volume_mask_of_an_array_lies_where_its_item_lies(api: Api, places: dict[str, Place], where: str) -> None:
    place = places[where]
    labels = np.zeros((place.width, place.height, place.frames), np.uint8)
    labels[30:60, 40:50, 1] = 1
    (label_id,) = api.annotations.upload_volume_segmentation(place.id, labels, "placed")
    mask = volume_of(api.annotations.download_file(label_id))
    np.testing.assert_allclose(LPS @ mask.affine, place.affine, rtol=0, atol=1e-4)
