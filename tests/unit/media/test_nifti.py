"""NIfTI: every way the standard can say where a voxel is and what its value means, against two independent readers."""

from __future__ import annotations

import io
import math
import tracemalloc
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fiducial.errors import Damaged, FiducialError, Unsupported
from fiducial.media.base import Axis, Header, Stage
from fiducial.media.nifti import NIFTI
from fiducial.media.nifti.voxels import Inflated
from tests.unit.media import files

VOLUME = files.ramp(5, 4, 3)
ANGLE = math.radians(25)
TILT = math.radians(-12)
ROTATION = np.array(
    [
        [math.cos(ANGLE), -math.sin(ANGLE), 0],
        [math.sin(ANGLE) * math.cos(TILT), math.cos(ANGLE) * math.cos(TILT), -math.sin(TILT)],
        [math.sin(ANGLE) * math.sin(TILT), math.cos(ANGLE) * math.sin(TILT), math.cos(TILT)],
    ]
)


def placed(
    directions: np.ndarray, spacing: tuple[float, float, float], origin: tuple[float, float, float]
) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = origin
    return affine


RAS = placed(np.eye(3), (0.5, 0.75, 2.5), (-10, 20, 30))
LAS = placed(np.diag([-1, 1, 1]), (0.5, 0.75, 2.5), (90, -126, -72))
LPS = placed(np.diag([-1, -1, 1]), (0.5, 0.75, 2.5), (90, 20, -72))
SAGITTAL = placed(np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]]), (0.9, 0.9, 1.2), (-80, -100, 120))
OBLIQUE = placed(ROTATION, (0.5, 0.75, 2.5), (-31.25, 17.5, 4.0))
PLACES = {"RAS": RAS, "LAS": LAS, "LPS": LPS, "sagittal": SAGITTAL, "oblique": OBLIQUE}


def header_of(content: bytes) -> Header:
    return NIFTI.check(io.BytesIO(content))


def codes(header: Header) -> set[str]:
    return {finding.code for finding in header.findings}


def whole(content: bytes, stage: Stage = Stage.STORED) -> np.ndarray:
    with NIFTI.open(io.BytesIO(content)) as reader:
        return reader.array(stage)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_voxel_to_patient_agrees_with_two_readers(name: str, version: int, byte_order: str, tmp_path: Path) -> None:
    """LPS in mm as SimpleITK has it, RAS as nibabel has it, both to 1e-6 mm, at every corner and inside."""
    content = files.nifti_bytes(VOLUME, PLACES[name], version=version, byte_order=byte_order)
    path = tmp_path / "volume.nii"
    path.write_bytes(content)
    header = header_of(content)
    matrix = np.array(header.voxel_to_patient)
    nibabel_affine = nib.load(path).affine
    itk = SimpleITK.ReadImage(str(path)) if version == 1 else None  # it does not know NIfTI-2
    for ijk in [(0, 0, 0), (4, 0, 0), (0, 3, 0), (0, 0, 2), (4, 3, 2), (2, 1, 1)]:
        ours = (matrix @ [*ijk, 1])[:3]
        if itk is not None:
            np.testing.assert_allclose(ours, itk.TransformIndexToPhysicalPoint(ijk), atol=1e-6)
        np.testing.assert_allclose(ours * [-1, -1, 1], (nibabel_affine @ [*ijk, 1])[:3], atol=1e-6)
    np.testing.assert_allclose(header.metadata["affine"], nibabel_affine, atol=1e-6)
    np.testing.assert_array_equal(whole(content), VOLUME.T)
    if itk is not None:
        np.testing.assert_allclose(np.array(header.spacing_zyx_mm), itk.GetSpacing()[::-1], atol=1e-6)
        np.testing.assert_array_equal(whole(content), SimpleITK.GetArrayFromImage(itk))


@pytest.mark.parametrize("name", PLACES)
def test_qform_alone_places_like_sform(name: str) -> None:
    content = files.nifti_bytes(VOLUME, PLACES[name], sform_code=0, qform_code=1)
    header = header_of(content)
    assert header.metadata["affine_source"] == "qform"
    image = nib.Nifti1Image.from_bytes(content)
    np.testing.assert_allclose(header.metadata["affine"], image.affine, atol=1e-6)
    np.testing.assert_allclose(header.metadata["affine"], PLACES[name], atol=1e-4)


def test_half_turn_qform() -> None:
    """a of the quaternion is 0: the case in which 32-bit rounding of b, c, d matters most."""
    content = files.nifti_bytes(VOLUME, LPS, sform_code=0, qform_code=1)
    np.testing.assert_allclose(header_of(content).metadata["affine"], LPS, atol=1e-6)


def test_sform_wins_and_disagreement_is_said() -> None:
    image = nib.Nifti1Image(VOLUME, RAS)
    image.set_sform(RAS, code=2)
    image.set_qform(OBLIQUE, code=1)
    header = header_of(image.to_bytes())
    np.testing.assert_allclose(header.metadata["affine"], RAS, atol=1e-6)
    assert "sform-qform-disagree" in codes(header)
    finding = next(f for f in header.findings if f.code == "sform-qform-disagree")
    assert finding.evidence["largest_distance"] > 1


def test_equal_sform_and_qform_are_not_reported() -> None:
    for affine in PLACES.values():
        image = nib.Nifti1Image(VOLUME, affine)
        image.set_sform(affine, code=1)
        image.set_qform(affine, code=1)
        assert "sform-qform-disagree" not in codes(header_of(image.to_bytes()))


def test_no_codes_means_voxel_sizes_and_a_warning() -> None:
    header = header_of(files.patched(files.nifti_bytes(VOLUME, RAS), 252, "<i2", 0, 0))
    assert codes(header) == {"no-orientation"}
    assert header.spacing_zyx_mm == (2.5, 0.75, 0.5)
    np.testing.assert_allclose(np.array(header.voxel_to_patient), np.diag([-0.5, -0.75, 2.5, 1]), atol=1e-9)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_non_finite_sform_falls_to_qform(value: float) -> None:
    content = files.patched(files.nifti_bytes(VOLUME, LAS, qform_code=1), 280, "<f4", value)
    header = header_of(content)
    assert header.metadata["affine_source"] == "qform"
    assert "non-finite-affine" in codes(header)
    np.testing.assert_allclose(header.metadata["affine"], LAS, atol=1e-4)


def test_singular_sform_is_not_used() -> None:
    content = files.patched(files.nifti_bytes(VOLUME, RAS, qform_code=0), 280, "<f4", *([0.0] * 12))
    header = header_of(content)
    assert codes(header) == {"unusable-affine", "no-orientation"}


def test_no_geometry_at_all_is_an_error_finding_and_pixels_remain() -> None:
    content = files.patched(files.nifti_bytes(VOLUME, RAS), 252, "<i2", 0, 0)
    header = header_of(files.patched(content, 80, "<f4", math.nan, 1.0, 1.0))
    assert codes(header) == {"no-geometry"}
    assert (header.voxel_to_patient, header.spacing_zyx_mm, header.is_volume) == (None, None, False)
    assert header.frame_count == 3


@pytest.mark.parametrize(("code", "factor", "finding"), [(1, 1000, "converted-units"), (3, 0.001, "converted-units")])
def test_lengths_become_mm(code: int, factor: float, finding: str) -> None:
    header = header_of(files.patched(files.nifti_bytes(VOLUME, RAS), 123, "u1", code))
    np.testing.assert_allclose(np.array(header.spacing_zyx_mm), np.array([2.5, 0.75, 0.5]) * factor)
    assert codes(header) == {finding}


def test_frame_is_the_transposed_plane_and_time_is_slowest() -> None:
    data = files.ramp(5, 4, 3, 2)
    content = files.nifti_bytes(data)
    with NIFTI.open(io.BytesIO(content)) as reader:
        for t in range(2):
            for k in range(3):
                np.testing.assert_array_equal(reader.frame(t * 3 + k, Stage.STORED), data[:, :, k, t].T)
        assert reader.array(Stage.STORED).shape == (2, 3, 4, 5)
    header = header_of(content)
    assert (header.width, header.height, header.frame_count, header.time_points) == (5, 4, 6, 2)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", PLACES)
def test_slices_in_stored_order(name: str, packed: bool) -> None:
    content = files.nifti_bytes(files.ramp(5, 4, 3, 2), PLACES[name], packed=packed)
    expected = {"sagittal": {Axis.SAGITTAL: 0, Axis.CORONAL: 2, Axis.AXIAL: 1}}.get(
        name, {Axis.SAGITTAL: 2, Axis.CORONAL: 1, Axis.AXIAL: 0}
    )
    with NIFTI.open(io.BytesIO(content)) as reader:
        volume = reader.array(Stage.STORED)
        for axis, place in expected.items():
            count = volume.shape[1 + place]
            for n in range(2 * count):
                t, within = divmod(n, count)
                np.testing.assert_array_equal(
                    reader.slice(axis, n, Stage.STORED), np.take(volume[t], within, axis=place)
                )
            with pytest.raises(IndexError):
                reader.slice(axis, 2 * count)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_every_number_type_in_both_byte_orders(dtype: str, byte_order: str) -> None:
    data = files.ramp(5, 4, 3).astype(dtype)
    content = files.nifti_bytes(data, byte_order=byte_order, packed=byte_order == ">")
    stored = whole(content)
    assert stored.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(stored, data.T)
    modality = whole(content, Stage.MODALITY)
    assert modality.dtype == np.float32
    np.testing.assert_array_equal(modality, data.T.astype(np.float32))


def test_scaling_is_applied_at_modality_only() -> None:
    content = files.nifti_bytes(VOLUME, scaling=(0.1, -1024.0))
    np.testing.assert_array_equal(whole(content), VOLUME.T)
    expected = (VOLUME.T * float(np.float32(0.1)) - 1024.0).astype(np.float32)
    np.testing.assert_array_equal(whole(content, Stage.MODALITY), expected)


@pytest.mark.parametrize("slope", [0.0, math.nan])
def test_slope_zero_or_unset_means_no_scaling(slope: float) -> None:
    content = files.nifti_bytes(VOLUME, scaling=(slope, 500.0))
    np.testing.assert_array_equal(whole(content, Stage.MODALITY), VOLUME.T.astype(np.float32))


def test_intercept_that_is_no_number_is_damage() -> None:
    with pytest.raises(Damaged, match="scl_inter"):
        header_of(files.nifti_bytes(VOLUME, scaling=(2.0, math.nan)))


def test_colour_voxels() -> None:
    rgb = np.zeros((5, 4, 3), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    rgb["R"], rgb["G"], rgb["B"] = files.ramp(5, 4, 3) % 256, 7, 9
    content = files.nifti_bytes(rgb)
    header = header_of(content)
    assert (header.samples_per_pixel, header.photometric_interpretation) == (3, "RGB")
    values = whole(content, Stage.MODALITY)
    assert values.shape == (3, 4, 5, 3)
    np.testing.assert_array_equal(values[..., 0], rgb["R"].T)
    np.testing.assert_array_equal(values[..., 2], np.full((3, 4, 5), 9))


def test_two_dimensions() -> None:
    content = files.nifti_bytes(files.ramp(5, 4))
    assert whole(content).shape == (4, 5)
    assert header_of(content).is_volume is False


def test_label_intent_as_float() -> None:
    assert "label-as-float" in codes(header_of(files.nifti_bytes(VOLUME.astype("f4"), intent_code=1002)))
    assert "label-as-float" not in codes(header_of(files.nifti_bytes(VOLUME, intent_code=1002)))


def test_display_uses_the_stated_range_else_the_volumes_own() -> None:
    stated = whole(files.nifti_bytes(VOLUME, cal_min=100.0, cal_max=200.0), Stage.DISPLAY)
    assert set(np.unique(stated[VOLUME.T <= 100])) == {0}
    assert set(np.unique(stated[VOLUME.T >= 200])) == {255}
    mask = whole(files.nifti_bytes((VOLUME > 200).astype("u1")), Stage.DISPLAY)
    np.testing.assert_array_equal(mask, np.where(VOLUME.T > 200, 255, 0))


# what is refused, and how


def test_vectors_complex_and_pairs_are_unsupported_with_a_reason() -> None:
    with pytest.raises(Unsupported, match="vector"):
        header_of(files.nifti_bytes(files.ramp(3, 3, 3, 1, 3)))
    with pytest.raises(Unsupported, match="complex64"):
        header_of(files.nifti_bytes(np.zeros((3, 3, 3), dtype="c8")))
    with pytest.raises(Unsupported, match="pair"):
        header_of(files.patched(files.nifti_bytes(VOLUME), 344, "S4", b"ni1\0"))  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [False, True])
def test_sizes_the_file_cannot_hold_are_refused_without_reading(packed: bool) -> None:
    content = files.patched(files.nifti_bytes(VOLUME), 42, "<i2", 10_000, 10_000, 10_000)
    content = files.gzipped(content) if packed else content
    for call in (NIFTI.read_header, NIFTI.verify, NIFTI.open):
        with pytest.raises(Damaged, match="announces 2000000000352 bytes"):
            call(io.BytesIO(content))


def test_zip_bomb_behind_a_small_header_is_refused() -> None:
    bomb = files.gzipped(files.nifti_bytes(VOLUME) + bytes(3 << 20))
    with pytest.raises(Damaged, match="do not belong together"):
        NIFTI.verify(io.BytesIO(bomb))


def test_wrong_checksum_is_found() -> None:
    packed = files.nifti_bytes(VOLUME, packed=True)
    broken = packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
    with pytest.raises(Damaged):
        NIFTI.verify(io.BytesIO(broken))
    with pytest.raises(Damaged):
        whole(broken)


@pytest.mark.parametrize(
    ("offset", "dtype", "value", "words"),
    [
        (40, "<i2", 0, r"dim\[0\]"),
        (40, "<i2", 9, r"dim\[0\]"),
        (42, "<i2", -5, r"dim\[1\]"),
        (44, "<i2", 0, r"dim\[2\]"),
        (70, "<i2", 3, "datatype"),
        (108, "<f4", math.nan, "vox_offset"),
        (108, "<f4", 100.0, "vox_offset"),
        (108, "<f4", 352.5, "vox_offset"),
    ],
)
def test_contradictions_name_their_field(offset: int, dtype: str, value: float, words: str) -> None:
    with pytest.raises(Damaged, match=words):
        header_of(files.patched(files.nifti_bytes(VOLUME), offset, dtype, value))


def test_odd_but_readable_is_a_finding() -> None:
    content = files.nifti_bytes(VOLUME)
    assert codes(header_of(files.patched(content, 108, "<f4", 0.0))) == {"missing-vox-offset"}
    assert codes(header_of(files.patched(content, 72, "<i2", 8))) == {"bitpix-disagrees"}
    assert "zero-dimension" in codes(header_of(files.patched(content, 40, "<i2", 4, 5, 4, 3, 0)))


def test_random_access_to_gzip_reads_the_stream_twice_at_most() -> None:
    """Going back starts over once and then keeps: reading all frames backwards costs two passes, not one each."""

    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.taken += len(data)
            return data

    noise = np.random.default_rng(5).integers(0, 2**15, (64, 64, 60), dtype="i2")
    content = files.nifti_bytes(noise, packed=True)
    source = Counting(content)
    with NIFTI.open(source) as reader:
        for k in reversed(range(60)):
            np.testing.assert_array_equal(reader.frame(k, Stage.STORED), noise[:, :, k].T)
    assert source.taken < 2.2 * len(content)


@pytest.mark.parametrize("axis", list(Axis))
def test_a_slice_needs_the_memory_of_a_slice(axis: Axis) -> None:
    content = files.nifti_bytes(files.ramp(64, 64, 300))  # 2.4 MB
    with NIFTI.open(io.BytesIO(content)) as reader:
        reader.slice(axis, 1)
        tracemalloc.start()
        reader.slice(axis, 0, Stage.STORED)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 400_000


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=hnp.arrays(
        dtype=st.sampled_from(["u1", "i2", "i4", "f4", "u2"]),
        shape=hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=6),
    ),
    version=st.sampled_from([1, 2]),
    byte_order=st.sampled_from(["<", ">"]),
    packed=st.booleans(),
)
def test_any_array_comes_back(data: np.ndarray, version: int, byte_order: str, packed: bool) -> None:
    content = files.nifti_bytes(data, version=version, byte_order=byte_order, packed=packed)
    stored = whole(content)
    np.testing.assert_array_equal(stored.reshape(data.T.shape), data.T)
    with NIFTI.open(io.BytesIO(content)) as reader:
        for n in range(reader.header.frame_count):
            np.testing.assert_array_equal(reader.frame(n, Stage.STORED), stored.reshape(-1, *stored.shape[-2:])[n])


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(1, 5000),
    reads=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 600)), max_size=12),
)
def test_any_ranges_of_gzip_are_the_plain_ranges(size: int, reads: list[tuple[int, int]]) -> None:
    plain = files.ramp(size, dtype="u1").tobytes()
    ranges = Inflated(io.BytesIO(files.gzipped(plain)))
    for offset, count in reads:
        if offset + count <= size:
            assert ranges.read(offset, count) == plain[offset : offset + count]
        else:
            with pytest.raises(FiducialError):
                ranges.read(offset, count)
    ranges.close()
