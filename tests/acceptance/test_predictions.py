"""What a model found, sent by our own client and read back as pixels: all of it, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from fiducial import Api
from fiducial.entities.annotations import BoxAnnotation, CategoryAnnotation, ImageSegmentation, VolumeSegmentation
from fiducial.exceptions import ValidationError
from tests.acceptance.support import api_of, got, when_ready
from tests.demo_data import DEMO_DATA
from tests.running import Running


@pytest.fixture(scope="module")
def api(running: Running) -> Iterator[Api]:
    with api_of(running) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as opened:
        yield opened


@pytest.fixture
def head(api: Api, client: httpx.Client, tmp_path: Path) -> str:
    """Under a name of its own: other tests label the one with the file's own name."""
    path = tmp_path / "predicted.nii.gz"
    path.write_bytes((DEMO_DATA / "mni152_t1.nii.gz").read_bytes())
    made = str(api.resources.upload_resource(path, resume=False))
    when_ready(client, made)
    return made


def test_shapes_masks_and_volumes(api: Api, client: httpx.Client, head: str) -> None:
    volume = np.zeros(api.resources.get_by_id(head).fetch_file_data().shape, np.uint8)
    volume[20:30, 30:40, 5:8], volume[2, 3, 4] = 1, 2
    slice_of = np.zeros((volume.shape[1], volume.shape[0]), bool)  # [row, column]
    slice_of[10:14, 7] = True
    model = f"net-{uuid.uuid4().hex[:6]}"
    ids = api.annotations.upload_predictions(
        head,
        [
            VolumeSegmentation(name="organs", scope="image", segmentation_data=volume, class_map={1: "lobe", 2: "dot"}),
            CategoryAnnotation(name="quality", scope="image", text_value="good"),
            ImageSegmentation(name="spot", scope="frame", frame_index=9, segmentation_data=slice_of),
        ],
        model_name=model,
    )
    rows = {row["id"]: row for row in got(client, "/annotations", resource_id=head)["data"]}
    assert [rows[one]["identifier"] for one in ids] == ["lobe", "dot", "quality", "spot"]
    for one in rows.values():
        assert (one["is_model"], one["created_by_model"], one["source"]) == (True, model, "model_pipeline")
    for one, value in zip(ids[:2], (1, 2), strict=True):
        back = np.asarray(api.annotations.get_by_id(one).fetch_file_data().dataobj) != 0
        assert np.array_equal(back, volume == value)
    assert rows[ids[3]]["frame_index"] == 9
    assert np.array_equal(np.asarray(api.annotations.get_by_id(ids[3]).fetch_file_data()) != 0, slice_of)


def test_what_is_refused_leaves_nothing(api: Api, client: httpx.Client, head: str) -> None:
    category = CategoryAnnotation(name="quality", scope="image", text_value="good")
    good = np.zeros(api.resources.get_by_id(head).fetch_file_data().shape, np.uint8)
    good[1, 1, 1] = 1
    for wrong, words in (
        (
            ImageSegmentation(name="x", scope="frame", frame_index=0, segmentation_data=np.ones((4, 4), np.uint8)),
            "4 x 4",
        ),
        (VolumeSegmentation(name="x", scope="image", segmentation_data=np.ones((2, 2, 2), np.uint8)), "2"),
        (BoxAnnotation(name="x", scope="frame", frame_index=9999, geometry=[[0, 0, 0]] * 4), "frame"),
    ):
        first = VolumeSegmentation(name="lobe", scope="image", segmentation_data=good)
        with pytest.raises(ValidationError, match=words):
            api.annotations.upload_predictions(head, [category, first, wrong], model_name="net")
        assert got(client, "/annotations", resource_id=head)["data"] == []
