"""Every dialect of a mask, on the asymmetric golden mask, one pixel, nothing, and whatever is generated."""

from __future__ import annotations

import gzip
from io import BytesIO
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fiducial.errors import Damaged, FiducialError, Invalid, Unsupported
from fiducial.geometry import (
    Mask,
    VolumeMask,
    label_map_from_nifti,
    mask_from_coco_rle,
    mask_from_cvat_rle,
    mask_from_encord_rle,
    mask_from_png,
    mask_to_coco_rle,
    mask_to_cvat_rle,
    mask_to_encord_rle,
    mask_to_png,
    pack_frames,
    unpack_frame,
    unpack_frames,
    volume_mask_to_nifti,
)
from tests.shared_data import SHARED_DATA, needs_shared
from tests.unit.geometry.strategies import masks, volume_masks

GOLDEN = Mask.from_array(np.array([[0, 1, 1], [0, 0, 1]], bool))
PIXEL = Mask.from_array(np.array([[0, 0], [0, 0], [1, 0]], bool))
EMPTY = Mask.empty(4, 5)
BLOCK = Mask.from_array(np.pad(np.ones((2, 3), bool), 1))
EXAMPLES = pytest.mark.parametrize("mask", [GOLDEN, PIXEL, EMPTY, BLOCK], ids=["golden", "pixel", "empty", "block"])


def test_golden_numbers_of_every_run_length_dialect() -> None:
    assert mask_to_coco_rle(GOLDEN, compressed=False) == {"size": [2, 3], "counts": [2, 1, 1, 2]}
    assert GOLDEN.runs.tolist() == [1, 2, 2, 1]
    assert mask_to_cvat_rle(GOLDEN) == [0, 2, 1, 1, 1, 0, 2, 1]
    assert mask_to_encord_rle(BLOCK) == {"top": 0, "left": 0, "height": 4, "width": 5, "rleString": "63204"}
    assert mask_to_cvat_rle(EMPTY) == [1, 0, 0, 0, 0]
    assert mask_to_cvat_rle(PIXEL) == [0, 1, 0, 2, 0, 2]


@EXAMPLES
def test_examples_come_back(mask: Mask) -> None:
    _check_all(mask)


@given(masks)
def test_generated_masks_come_back(mask: Mask) -> None:
    _check_all(mask)


def _check_all(mask: Mask) -> None:
    size = (mask.width, mask.height)
    assert mask_from_coco_rle(mask_to_coco_rle(mask)) == mask
    assert mask_from_coco_rle(mask_to_coco_rle(mask, compressed=False)) == mask
    assert mask_from_encord_rle(mask_to_encord_rle(mask), *size) == mask
    assert mask_from_cvat_rle(mask_to_cvat_rle(mask), *size) == mask
    assert unpack_frames(pack_frames([mask]), 1, mask.height, mask.width) == [mask]
    assert mask_from_png(mask_to_png(mask), size) == mask
    assert mask_from_png(mask_to_png(mask, bits=1), size) == mask


@given(masks)
def test_text_agrees_with_the_scheme_written_out(mask: Mask) -> None:
    assert mask.runs_text() == _compressed_by_definition(mask.runs.tolist())


def _compressed_by_definition(counts: list[int]) -> str:
    text = ""
    for index, count in enumerate(counts):
        rest = count - counts[index - 2] if index > 2 else count
        while True:
            digit, rest = rest & 31, rest >> 5
            done = rest == (-1 if digit & 16 else 0)
            text += chr(48 + digit + (0 if done else 32))
            if done:
                break
    return text


def test_coco_accepts_bytes_and_refuses_the_rest() -> None:
    rle = mask_to_coco_rle(GOLDEN)
    assert mask_from_coco_rle({**rle, "counts": rle["counts"].encode()}) == GOLDEN
    bad: list[tuple[dict[str, Any], str]] = [
        ({"size": [2, 3]}, "lacks counts"),
        ({"size": [2], "counts": "1"}, "size is not"),
        ({"size": [2, 3], "counts": [5]}, "cover 5 pixels"),
        ({"size": [2, 3], "counts": "h"}, "cut off"),
        ({"size": [2, 3], "counts": [1.5]}, "whole numbers"),
    ]
    for rle, words in bad:
        with pytest.raises(Invalid, match=words):
            mask_from_coco_rle(rle)


def test_an_encord_bitmask_may_be_a_crop_but_not_leave_the_frame() -> None:
    wire = {**mask_to_encord_rle(GOLDEN), "top": 1, "left": 2}
    placed = mask_from_encord_rle(wire, 5, 4).to_array()
    assert np.array_equal(placed[1:3, 2:5], GOLDEN.to_array())
    assert placed.sum() == GOLDEN.area
    with pytest.raises(Invalid, match=r"3 x 2 at \(2, 1\), outside of the image of 4 x 4"):
        mask_from_encord_rle(wire, 4, 4)
    with pytest.raises(Invalid, match="lacks rleString"):
        mask_from_encord_rle({"height": 1, "width": 1})


@pytest.mark.parametrize(
    "numbers", [[], [1, 0, 0, 0], [1, 3, 0, 2, 0], [5, 0, 0, 0, 0], [1, -1, 0, 0, 0], [1, 9, 9, 9, 9]]
)
def test_cropped_runs_that_contradict_themselves_are_refused(numbers: list[int]) -> None:
    with pytest.raises(Invalid):
        mask_from_cvat_rle(numbers, 4, 4)


# -- PNG --------------------------------------------------------------------------------------------------------------


def test_png_is_what_other_readers_read() -> None:
    eight, one = (Image.open(BytesIO(mask_to_png(GOLDEN, bits=bits))) for bits in (8, 1))
    assert (eight.mode, one.mode, eight.size) == ("L", "1", (3, 2))
    assert np.asarray(eight).tolist() == [[0, 255, 255], [0, 0, 255]]
    assert np.array_equal(np.asarray(one), GOLDEN.to_array())
    assert mask_to_png(GOLDEN) == mask_to_png(GOLDEN)


def _png(array: Any, mode: str | None = None) -> bytes:
    out = BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(out, "PNG")
    return out.getvalue()


def test_any_pixel_that_is_not_zero_is_set() -> None:
    assert mask_from_png(_png(np.array([[0, 1, 7], [0, 0, 255]], np.uint8))) == GOLDEN
    assert mask_from_png(_png(np.array([[0, 1, 256], [0, 0, 65535]], np.uint16))) == GOLDEN
    grey = np.array([[0, 1, 255], [0, 0, 9]], np.uint8)
    for mode in ("RGB", "RGBA", "LA"):
        assert mask_from_png(_png(grey, mode), (3, 2)) == GOLDEN


def test_colour_and_transparency_that_cannot_be_read_one_way_are_refused() -> None:
    colour = np.zeros((2, 3, 3), np.uint8)
    colour[0, 1, 0] = 255
    with pytest.raises(Invalid, match="has colours, and must be grey"):
        mask_from_png(_png(colour))
    hidden = np.zeros((2, 3, 4), np.uint8)
    hidden[0, 1] = (255, 255, 255, 0)
    with pytest.raises(Invalid, match="fully transparent"):
        mask_from_png(_png(hidden))


def test_a_mask_of_another_size_says_both() -> None:
    with pytest.raises(Invalid, match=r"the mask is 3 x 2 pixels and the image 640 x 480"):
        mask_from_png(mask_to_png(GOLDEN), (640, 480))
    with pytest.raises(Invalid, match="bits is 2"):
        mask_to_png(GOLDEN, bits=2)


def test_every_cut_and_every_flipped_byte_is_noticed() -> None:
    png = mask_to_png(BLOCK)
    for cut in range(len(png)):
        with pytest.raises((Damaged, Invalid)):
            mask_from_png(png[:cut])
    for place in range(len(png)):
        broken = bytearray(png)
        broken[place] ^= 0x10
        with pytest.raises(FiducialError):
            mask_from_png(bytes(broken))


@needs_shared
def test_a_real_cut_png_is_damaged() -> None:
    with pytest.raises(Damaged, match="cut off inside its IDAT"):
        mask_from_png((SHARED_DATA / "broken" / "cxr-half.png").read_bytes())


def test_a_png_whose_pixels_are_short_is_damaged() -> None:
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 100, 100, 8, 0, 0, 0, 0))
    short = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 500)) + chunk(b"IEND", b"")
    with pytest.raises(Damaged, match="not a readable PNG"):
        mask_from_png(short)


# -- DICOM SEG --------------------------------------------------------------------------------------------------------


def test_golden_seg_frames_are_not_byte_aligned() -> None:
    diagonal, ones = Mask.from_array(np.eye(3, dtype=bool)), Mask.from_array(np.ones((3, 3), bool))
    packed = pack_frames([diagonal, ones])
    assert packed == bytes.fromhex("11FF03")
    assert pack_frames([diagonal, ones], pad_to_even=True) == bytes.fromhex("11FF0300")
    assert unpack_frames(packed, 2, 3, 3) == [diagonal, ones]
    assert unpack_frame(packed, 1, 3, 3) == ones
    with pytest.raises(Damaged, match="frame 2 of 3 x 3 pixels needs 4 bytes"):
        unpack_frame(packed, 2, 3, 3)
    assert pack_frames([]) == b""


@given(volume_masks)
def test_seg_packing_agrees_with_pydicom(volume: VolumeMask) -> None:
    from pydicom.pixels.utils import pack_bits

    frames = [volume.slice(k) for k in range(volume.shape[0])]
    assert pack_frames(frames, pad_to_even=True) == pack_bits(volume.to_array().astype(np.uint8), pad=True)


@given(volume_masks)
def test_seg_frames_come_back_alone_and_together(volume: VolumeMask) -> None:
    count, rows, columns = volume.shape
    frames = [volume.slice(k) for k in range(count)]
    packed = pack_frames(frames, pad_to_even=True)
    assert unpack_frames(packed, count, rows, columns) == frames
    assert len(packed) % 2 == 0


# -- NIfTI ------------------------------------------------------------------------------------------------------------

AFFINE = np.array([[-0.5, 0, 0, 95], [0, -0.8, 0, 104], [0, 0, 2.5, 50], [0, 0, 0, 1]], float)
SHEARED = AFFINE.copy()
SHEARED[1, 2] = 0.7


@given(volume_masks, st.sampled_from([AFFINE, SHEARED]))
def test_nifti_comes_back_and_nibabel_agrees(mask: VolumeMask, affine: Any) -> None:
    packed = volume_mask_to_nifti(mask, affine)
    assert packed == volume_mask_to_nifti(mask, affine)
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(packed))
    assert np.array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), mask.to_array())
    assert np.allclose(image.affine, affine)
    assert image.header.get_xyzt_units()[0] == "mm"
    again = label_map_from_nifti(packed)
    assert again.shape == mask.shape
    assert again.labels == ({} if mask.is_empty else {1: mask})
    assert np.allclose(again.affine_ras, affine)


def test_qform_is_written_only_when_it_can_say_the_same() -> None:
    mask = VolumeMask((2, 2, 3), {0: GOLDEN})
    plain, sheared = (
        nibabel.Nifti1Image.from_bytes(gzip.decompress(volume_mask_to_nifti(mask, a))).header for a in (AFFINE, SHEARED)
    )
    assert (int(plain["qform_code"]), int(plain["sform_code"])) == (1, 1)
    assert (int(sheared["qform_code"]), int(sheared["sform_code"])) == (0, 1)
    with pytest.raises(Invalid, match="affine_ras"):
        volume_mask_to_nifti(mask, np.eye(3))


def _nifti(array: Any, **header: Any) -> bytes:
    image = nibabel.Nifti1Image(array, AFFINE)
    for name, value in header.items():
        image.header[name] = value
    return bytes(image.to_bytes())


def test_a_label_map_is_split_per_label_in_our_axis_order() -> None:
    xyz = np.zeros((3, 2, 4), np.int16)
    xyz[1, 0, 2] = xyz[2, 1, 3] = 7
    xyz[0, 0, 0] = -2
    found = label_map_from_nifti(_nifti(xyz))
    assert list(found.labels) == [-2, 7]
    assert found.shape == (4, 2, 3)
    assert np.argwhere(found.labels[7].to_array()).tolist() == [[2, 0, 1], [3, 1, 2]]
    assert label_map_from_nifti(BytesIO(_nifti(xyz.astype(">i2")))).labels == found.labels
    assert label_map_from_nifti(_nifti(xyz.astype(np.float32))).labels == found.labels


def test_label_maps_that_are_not_are_refused() -> None:
    floats = np.zeros((3, 2, 4), np.float32)
    floats[1, 0, 2] = 0.5
    with pytest.raises(Invalid, match=r"holds 0\.5 at column 1, row 0, slice 2: labels are whole numbers"):
        label_map_from_nifti(_nifti(floats))
    floats[1, 0, 2] = np.nan
    with pytest.raises(Invalid, match="holds nan"):
        label_map_from_nifti(_nifti(floats))
    with pytest.raises(Invalid, match="4 axes"):
        label_map_from_nifti(_nifti(np.zeros((2, 2, 2, 3), np.uint8)))
    with pytest.raises(Unsupported, match="complex"):
        label_map_from_nifti(_nifti(np.zeros((2, 2, 2), np.complex64)))
    with pytest.raises(Invalid, match="not a NIfTI file"):
        label_map_from_nifti(b"hello, world" * 50)


def test_cut_nifti_files_are_damaged() -> None:
    plain = _nifti(np.ones((3, 2, 4), np.uint8))
    packed = volume_mask_to_nifti(VolumeMask((2, 2, 3), {0: GOLDEN}), AFFINE)
    for whole in (plain, packed):
        for cut in (len(whole) - 1, len(whole) - 9, len(whole) // 2, 20, 3):
            with pytest.raises(FiducialError):
                label_map_from_nifti(whole[:cut])


@needs_shared
def test_real_label_maps_agree_with_nibabel() -> None:
    for name in ("example_seg.nii.gz", "example_seg_mr.nii.gz"):
        path = SHARED_DATA / "nifti" / name
        reference = nibabel.load(path)
        voxels = np.asarray(reference.dataobj).transpose(2, 1, 0)
        with path.open("rb") as stream:
            found = label_map_from_nifti(stream)
        assert sorted(found.labels) == [n for n in np.unique(voxels).astype(int).tolist() if n]
        assert all(np.array_equal(mask.to_array(), voxels == label) for label, mask in found.labels.items())
        assert np.allclose(found.affine_ras, reference.affine)


@needs_shared
def test_a_real_cut_nifti_is_damaged() -> None:
    with pytest.raises(FiducialError):
        label_map_from_nifti((SHARED_DATA / "broken" / "cut.nii.gz").read_bytes())
