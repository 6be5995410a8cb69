"""Pictures: stored rasters are what the file holds; nothing is turned, blended, stretched or filled in."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageFile

from fiducial.errors import Damaged, TooLarge, Unsupported
from fiducial.media.base import Header, Stage
from fiducial.media.picture import BMP, JPEG, PNG, TIFF, WEBP, Picture
from tests.unit.media import files

ORIENTATION = 274


def read(picture: Picture, content: bytes, stage: Stage = Stage.STORED, page: int = 0) -> np.ndarray:
    with picture.open(io.BytesIO(content)) as reader:
        return reader.frame(page, stage)


def facts(picture: Picture, content: bytes) -> Header:
    header = picture.read_header(io.BytesIO(content))
    picture.verify(io.BytesIO(content))
    return header


def codes(header: Header) -> set[str]:
    return {finding.code for finding in header.findings}


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *, interlace: int = 0) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(("picture", "name"), [(PNG, "PNG"), (TIFF, "TIFF")])
def test_sixteen_bits_are_kept(picture: Picture, name: str) -> None:
    values = (files.ramp(13, 17, dtype="u2").astype(np.uint32) * 2).astype(np.uint16)
    content = files.picture_bytes(Image.fromarray(values), name)
    header = facts(picture, content)
    assert (header.bits_stored, header.samples_per_pixel) == (16, 1)
    stored = read(picture, content)
    assert stored.dtype == np.uint16
    np.testing.assert_array_equal(stored, values)
    np.testing.assert_array_equal(read(picture, content, Stage.MODALITY), values.astype(np.float32))
    shown = read(picture, content, Stage.DISPLAY)
    assert (shown.min(), shown.max()) == (0, 255)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4"])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_tiff_sample_types(dtype: str, byte_order: str, compression: str | None) -> None:
    import tifffile

    values = (files.ramp(13, 17, dtype="i4") - (5000 if dtype[0] != "u" else 0)).astype(dtype)
    out = io.BytesIO()
    tifffile.imwrite(out, values, byteorder=byte_order, compression=compression, metadata=None)
    stored = read(TIFF, out.getvalue())
    assert stored.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(stored, values)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_small_grey_depths_are_not_stretched(depth: int) -> None:
    levels = 2**depth
    values = (np.arange(16) % levels).astype(np.uint8).reshape(2, 8)
    bits = np.unpackbits(values[..., None], axis=-1)[..., 8 - depth :].reshape(2, -1)
    rows = b"".join(b"\0" + np.packbits(row).tobytes() for row in bits)
    content = png(8, 2, depth, 0, rows)
    assert facts(PNG, content).bits_stored == depth
    np.testing.assert_array_equal(read(PNG, content), values)
    np.testing.assert_array_equal(read(PNG, content, Stage.MODALITY), values.astype(np.float32))
    shown = read(PNG, content, Stage.DISPLAY)
    assert shown.max() == round(int(values.max()) * 255 / (levels - 1))


def test_white_is_zero_is_stored_as_it_lies_and_inverted_for_display() -> None:
    values = files.ramp(13, 17, dtype="u1")
    import tifffile

    out = io.BytesIO()
    tifffile.imwrite(out, values, photometric="miniswhite", metadata=None)
    header = facts(TIFF, out.getvalue())
    assert header.photometric_interpretation == "MONOCHROME1"
    assert "white-is-zero" in codes(header)
    np.testing.assert_array_equal(read(TIFF, out.getvalue()), values)
    np.testing.assert_array_equal(read(TIFF, out.getvalue(), Stage.DISPLAY), 255 - values)


def test_palette_is_indices_when_stored_and_rgb_otherwise() -> None:
    indices = (files.ramp(13, 17) % 3).astype(np.uint8)
    image = Image.fromarray(indices).convert("P")
    image.putpalette([0, 0, 0, 200, 10, 20, 30, 40, 250])
    image.putdata(indices.reshape(-1).tolist())
    content = files.picture_bytes(image, "PNG")
    assert facts(PNG, content).photometric_interpretation == "PALETTE COLOR"
    np.testing.assert_array_equal(read(PNG, content), indices)
    table = np.array([[0, 0, 0], [200, 10, 20], [30, 40, 250]], dtype=np.uint8)
    np.testing.assert_array_equal(read(PNG, content, Stage.MODALITY), table[indices])


def test_alpha_is_kept_stored_and_dropped_not_blended() -> None:
    rgba = (files.ramp(13, 17, 4) % 251).astype(np.uint8)
    content = files.picture_bytes(Image.fromarray(rgba), "PNG")
    header = facts(PNG, content)
    assert "alpha-dropped" in codes(header)
    np.testing.assert_array_equal(read(PNG, content), rgba)
    np.testing.assert_array_equal(read(PNG, content, Stage.MODALITY), rgba[..., :3])


def test_cmyk_becomes_rgb_and_says_so() -> None:
    content = files.picture_bytes(files.colour().convert("CMYK"), "JPEG")
    header = facts(JPEG, content)
    assert "colour-converted" in codes(header)
    assert read(JPEG, content, Stage.MODALITY).shape == (13, 17, 3)


@pytest.mark.parametrize(("picture", "name"), [(JPEG, "JPEG"), (TIFF, "TIFF"), (PNG, "PNG"), (WEBP, "WEBP")])
@pytest.mark.parametrize("value", [3, 6, 8])
def test_orientation_is_reported_and_never_applied(picture: Picture, name: str, value: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = value
    plain = files.picture_bytes(files.colour(), name, **({"lossless": True} if name == "WEBP" else {}))
    turned = files.picture_bytes(files.colour(), name, exif=exif, **({"lossless": True} if name == "WEBP" else {}))
    header = facts(picture, turned)
    assert (header.width, header.height) == (17, 13)
    assert header.metadata["orientation"] == value
    assert "orientation-tag" in codes(header)
    np.testing.assert_array_equal(read(picture, turned), read(picture, plain))


def test_pages_of_a_tiff_are_frames_in_any_order() -> None:
    pages = [Image.fromarray(files.ramp(13, 17, dtype="u1") + n) for n in range(5)]
    content = files.picture_bytes(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    with TIFF.open(io.BytesIO(content)) as reader:
        assert reader.header.frame_count == 5
        for n in (4, 0, 3, 3, 1, 2):
            np.testing.assert_array_equal(reader.frame(n, Stage.STORED), np.asarray(pages[n]))
        assert reader.array().shape == (5, 13, 17)


def test_pages_of_different_size_are_read_one_by_one() -> None:
    content = files.picture_bytes(files.grey(), "TIFF", save_all=True, append_images=[files.grey(7, 5)])
    assert "mixed-page-sizes" in codes(facts(TIFF, content))
    assert read(TIFF, content, page=1).shape == (7, 5)
    with TIFF.open(io.BytesIO(content)) as reader, pytest.raises(Unsupported):
        reader.array()


def test_reduced_copies_are_not_frames() -> None:
    import tifffile

    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(files.ramp(16, 16, dtype="u1"), metadata=None)
        writer.write(files.ramp(8, 8, dtype="u1"), subfiletype=1, metadata=None)
    header = facts(TIFF, out.getvalue())
    assert header.frame_count == 1
    assert codes(header) == {"reduced-resolution-pages"}


def test_animations_give_their_first_picture_and_say_so() -> None:
    others = [files.colour().transpose(Image.Transpose.ROTATE_180)]
    for picture, name in ((PNG, "PNG"), (WEBP, "WEBP")):
        content = files.picture_bytes(files.colour(), name, save_all=True, append_images=others, lossless=True)
        header = facts(picture, content)
        assert header.frame_count == 1
        assert "further-pictures" in codes(header)
        np.testing.assert_array_equal(read(picture, content)[..., :3], np.asarray(files.colour()))


def test_colour_of_sixteen_bits_is_reduced_and_says_so() -> None:
    rows = b"".join(b"\0" + files.ramp(3, 3, dtype=">u2").tobytes() for _ in range(2))
    content = png(3, 2, 16, 2, rows)
    assert "bit-depth-reduced" in codes(facts(PNG, content))
    np.testing.assert_array_equal(read(PNG, content, Stage.MODALITY)[0], files.ramp(3, 3, dtype="u2") >> 8)
    with pytest.raises(Unsupported):
        read(PNG, content, Stage.STORED)


def test_grey_of_sixteen_bits_with_alpha_is_refused_not_degraded() -> None:
    content = png(2, 1, 16, 4, b"\0" + bytes(8))
    assert "undecodable-pixels" in codes(facts(PNG, content))
    with pytest.raises(Unsupported, match="alpha"):
        read(PNG, content)


def test_twelve_bit_and_lossless_jpeg_are_unsupported_by_name() -> None:
    content = bytearray(files.picture_bytes(files.grey(), "JPEG"))
    place = content.index(b"\xff\xc0")
    content[place + 4] = 12
    with pytest.raises(Unsupported, match="12-bit"):
        JPEG.read_header(io.BytesIO(bytes(content)))
    content[place + 1], content[place + 4] = 0xC3, 8
    with pytest.raises(Unsupported, match="lossless"):
        JPEG.read_header(io.BytesIO(bytes(content)))


# bombs and damage


def test_sizes_beyond_the_limit_are_refused_before_allocation() -> None:
    with pytest.raises(TooLarge, match="2500000000 pixels"):
        PNG.read_header(io.BytesIO(png(50_000, 50_000, 8, 0, b"")))
    with pytest.raises(Damaged, match="cannot hold"):
        PNG.read_header(io.BytesIO(png(30_000, 30_000, 8, 0, b"")))
    jpeg = bytearray(files.picture_bytes(files.grey(), "JPEG"))
    place = jpeg.index(b"\xff\xc0")
    jpeg[place + 5 : place + 9] = struct.pack(">HH", 30_000, 30_000)
    for call in (JPEG.read_header, JPEG.verify, JPEG.open):
        with pytest.raises(Damaged, match="cannot hold"):
            call(io.BytesIO(bytes(jpeg)))


@pytest.mark.parametrize(("interlace", "full"), [(0, 5 * 10), (1, 3 + 2 + 4 + 6 + 6 + 15 + 20)])
def test_png_with_too_few_or_too_many_rows(interlace: int, full: int) -> None:
    """The interlaced figure is the seven Adam7 passes of a 9 x 5 grey picture, by hand."""
    PNG.verify(io.BytesIO(png(9, 5, 8, 0, bytes(full), interlace=interlace)))
    with pytest.raises(Damaged, match="not whole"):
        PNG.verify(io.BytesIO(png(9, 5, 8, 0, bytes(full - 1), interlace=interlace)))
    with pytest.raises(Damaged, match="more than"):
        PNG.verify(io.BytesIO(png(9, 5, 8, 0, bytes(full + 1), interlace=interlace)))


def test_png_checksums_and_filters() -> None:
    content = files.picture_bytes(files.grey(), "PNG")
    place = content.index(b"IDAT") + 8
    with pytest.raises(Damaged):
        PNG.verify(io.BytesIO(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :]))
    with pytest.raises(Damaged, match="filter type is 9"):
        PNG.verify(io.BytesIO(png(4, 2, 8, 0, b"\0abcd\x09abcd")))


def test_jpeg_cut_and_closed_again_is_still_found_when_scan_lines_are_missing() -> None:
    content = files.picture_bytes(files.colour(64, 64), "JPEG")
    with pytest.raises(Damaged, match="end-of-image"):
        JPEG.verify(io.BytesIO(content[: len(content) // 2]))


def test_tiff_directories_in_a_circle_or_beyond_the_end() -> None:
    content = bytearray(files.picture_bytes(files.grey(), "TIFF"))
    first = int.from_bytes(content[4:8], "little")
    entries = int.from_bytes(content[first : first + 2], "little")
    link = first + 2 + entries * 12
    content[link : link + 4] = first.to_bytes(4, "little")
    with pytest.raises(Damaged, match="circle"):
        TIFF.read_header(io.BytesIO(bytes(content)))
    content[link : link + 4] = (len(content) - 1).to_bytes(4, "little")
    with pytest.raises(Damaged, match="cut off"):
        TIFF.read_header(io.BytesIO(bytes(content)))


@pytest.fixture
def invented_pixels_allowed() -> Iterator[None]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    yield
    ImageFile.LOAD_TRUNCATED_IMAGES = False


@pytest.mark.usefixtures("invented_pixels_allowed")
def test_truncated_pixels_are_never_invented_even_when_others_allow_it() -> None:
    content = files.picture_bytes(files.colour(64, 64), "JPEG")
    with pytest.raises(Damaged, match="LOAD_TRUNCATED_IMAGES"):
        read(JPEG, content[: len(content) // 2])


@settings(max_examples=40, deadline=None)
@given(
    values=hnp.arrays(
        dtype=st.sampled_from([np.uint8, np.uint16]), shape=hnp.array_shapes(min_dims=2, max_dims=2, max_side=20)
    ),
    picture=st.sampled_from([PNG, TIFF, BMP]),
)
def test_any_grey_raster_comes_back(values: np.ndarray, picture: Picture) -> None:
    if picture is BMP:
        values = values.astype(np.uint8)
    content = files.picture_bytes(Image.fromarray(values), picture.name.upper())
    picture.verify(io.BytesIO(content))
    np.testing.assert_array_equal(read(picture, content), values)
