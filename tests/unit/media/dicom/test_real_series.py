"""The two real series and the two faulty ones, against an independent reader."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from fiducial.errors import Unsupported
from fiducial.media.base import Axis, Header, Stage
from fiducial.media.dicom import DICOM
from fiducial.media.dicom.series import SeriesLayout, SliceFacts, assemble
from fiducial.media.dicom.series_reader import SeriesReader, series_header
from tests.shared_data import SHARED_DATA, needs_shared

pytestmark = needs_shared
CT, MR = "ct-series/philips-ingenuity-head-phantom-1mm", "mr-series/studyforrest-7T-t1w"


def files(folder: str) -> list[Path]:
    return sorted((SHARED_DATA / folder).iterdir())


@cache
def headers(folder: str) -> tuple[Header, ...]:
    found = []
    for path in files(folder):
        with path.open("rb") as source:
            DICOM.verify(source)
            found.append(DICOM.read_header(source))
    return tuple(found)


def layout_of(folder: str) -> SeriesLayout:
    return assemble([SliceFacts.from_header(h) for h in headers(folder)])


def opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def reader_of(folder: str) -> SeriesReader:
    layout = layout_of(folder)
    return SeriesReader([opener(p) for p in files(folder)], layout, series_header(headers(folder), layout))


FACTS = [
    (CT, (60, 512, 512), (1.0, 0.451171875, 0.451171875), -1024, 825),
    (MR, (130, 384, 274), (0.666667, 0.666666686534882, 0.699987828731537), 0, 238),
]


@pytest.mark.parametrize(("folder", "shape", "spacing", "low", "high"), FACTS, ids=["ct", "mr"])
def test_a_real_series_is_a_volume(
    folder: str, shape: tuple[int, int, int], spacing: tuple[float, float, float], low: float, high: float
) -> None:
    with reader_of(folder) as reader:
        header, volume = reader.header, reader.array()
        assert header.is_volume
        assert header.findings == ()
        assert header.frame_count == shape[0] == header.metadata["frame_count"]
        assert header.spacing_zyx_mm == pytest.approx(spacing, abs=1e-6)
        assert volume.shape == shape
        assert (volume.min(), volume.max()) == (low, high)
        for axis, dimension in zip((Axis.AXIAL, Axis.CORONAL, Axis.SAGITTAL), (0, 1, 2), strict=True):
            middle = shape[dimension] // 2
            assert np.array_equal(reader.slice(axis, middle), np.take(volume, middle, dimension))
        assert len(reader._open) <= 4


@pytest.mark.parametrize("folder", [CT, MR], ids=["ct", "mr"])
def test_the_same_voxels_lie_at_the_same_places_for_simpleitk(folder: str) -> None:
    sitk: Any = import_module("SimpleITK")  # without type information

    layout = layout_of(folder)
    source = sitk.ImageSeriesReader()
    source.SetFileNames([str(files(folder)[i]) for i in layout.order])
    image = source.Execute()
    columns, rows, slices = image.GetSize()
    affine = np.array(layout.voxel_to_patient)
    for corner in np.ndindex(2, 2, 2):
        index = [c * (n - 1) for c, n in zip(corner, (columns, rows, slices), strict=True)]
        ours = (affine @ [*index, 1])[:3]
        assert ours == pytest.approx(image.TransformIndexToPhysicalPoint([int(i) for i in index]), abs=1e-6)
    with reader_of(folder) as reader:
        middle = slices // 2
        plane = sitk.GetArrayViewFromImage(image)[middle]
        assert np.array_equal(reader.frame(middle), plane.astype(np.float32))


@pytest.mark.parametrize("folder", [CT, MR], ids=["ct", "mr"])
def test_shuffled_files_make_the_same_volume(folder: str) -> None:
    facts = [SliceFacts.from_header(h) for h in headers(folder)]
    plain = assemble(facts)
    for seed in range(5):
        order = list(range(len(facts)))
        random.Random(seed).shuffle(order)
        shuffled = assemble([facts[i] for i in order])
        assert [order[i] for i in shuffled.order] == list(plain.order)
        assert shuffled.voxel_to_patient == plain.voxel_to_patient


def test_metadata_survives_json() -> None:
    import json
    from dataclasses import replace

    again = [replace(h, metadata=json.loads(json.dumps(dict(h.metadata)))) for h in headers(CT)]
    assert assemble([SliceFacts.from_header(h) for h in again]) == layout_of(CT)


def test_a_real_gantry_tilt_is_found_and_kept() -> None:
    layout = layout_of("broken/series-gantry-tilt")
    (tilt,) = layout.findings
    assert tilt.code == "gantry-tilt"
    assert tilt.evidence["angle_degrees"] == pytest.approx(14, abs=0.01)
    assert layout.is_volume
    step = np.array(layout.voxel_to_patient)[:3, 2]
    assert step == pytest.approx([0, 0, 5], abs=1e-6)


def test_a_real_missing_slice_is_found_and_the_volume_refused() -> None:
    layout = layout_of("broken/series-missing-slice")
    (finding,) = layout.findings
    assert finding.code == "missing-slices"
    assert finding.evidence["where"][0]["after_slice"] == 2
    with reader_of("broken/series-missing-slice") as reader:
        assert reader.frame(3, Stage.DISPLAY).shape == (512, 512)
        with pytest.raises(Unsupported, match="missing"):
            reader.array()
        with pytest.raises(Unsupported, match="missing"):
            reader.slice(Axis.CORONAL, 0)
