"""Every registered format keeps the published contract."""

from __future__ import annotations

from PIL import Image

from fiducial.media import MediaKind, registry
from fiducial.media.dicom import DICOM
from fiducial.media.nifti import NIFTI
from fiducial.media.picture import BMP, JPEG, PNG, TIFF, WEBP
from fiducial.media.testing import MediaFormatTests, facts
from fiducial.media.video import VIDEO
from tests.unit.media import files

VOLUME = files.ramp(5, 4, 3)
NII = files.nifti_bytes(VOLUME)
PNG_BYTES = files.picture_bytes(files.grey(), "PNG")
PAGES = [files.grey(16, 16), files.grey(16, 16).transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
MP4 = files.video_bytes(files.clip())


class TestNifti(MediaFormatTests):
    media_format = NIFTI
    good = NII
    damaged = NII[:-1]
    expected = facts(
        kind=MediaKind.NIFTI,
        width=5,
        height=4,
        frame_count=3,
        spacing_zyx_mm=(4.0, 3.0, 2.0),
        is_volume=True,
        findings=(),
    )


class TestNiftiPacked(MediaFormatTests):
    media_format = NIFTI
    good = files.nifti_bytes(VOLUME, packed=True, version=2, byte_order=">")
    damaged = good[:-9]
    expected = facts(width=5, height=4, frame_count=3, signed=True, bits_stored=16)


class TestNiftiOverTime(MediaFormatTests):
    media_format = NIFTI
    good = files.nifti_bytes(files.ramp(5, 4, 3, 2, dtype="f4"), packed=True, scaling=(0.5, -3.0))
    damaged = files.gzipped(files.nifti_bytes(files.ramp(5, 4, 3, 2))[:-40])
    expected = facts(frame_count=6, time_points=2, is_volume=True)


class TestPng(MediaFormatTests):
    media_format = PNG
    good = PNG_BYTES
    damaged = PNG_BYTES[:-20]
    expected = facts(kind=MediaKind.IMAGE, width=17, height=13, frame_count=1, bits_stored=8, findings=())


class TestPngOfSixteenBits(MediaFormatTests):
    media_format = PNG
    good = files.picture_bytes(Image.fromarray(files.ramp(13, 17, dtype="u2")), "PNG")
    damaged = good[:-40] + good[-38:]
    expected = facts(bits_stored=16, samples_per_pixel=1, photometric_interpretation="MONOCHROME2")


class TestJpeg(MediaFormatTests):
    media_format = JPEG
    good = files.picture_bytes(files.colour(), "JPEG")
    damaged = good[: len(good) - 3]
    expected = facts(width=17, height=13, samples_per_pixel=3, photometric_interpretation="RGB")


class TestJpegProgressive(MediaFormatTests):
    media_format = JPEG
    good = files.picture_bytes(files.colour(), "JPEG", progressive=True)
    damaged = good[:-30]
    expected = facts(width=17, height=13, mimetype="image/jpeg")


class TestTiff(MediaFormatTests):
    media_format = TIFF
    good = files.picture_bytes(PAGES[0], "TIFF", save_all=True, append_images=PAGES[1:]).rstrip(b"\0")  # its padding
    damaged = good[:-1]
    expected = facts(width=16, height=16, frame_count=2, mimetype="image/tiff")


class TestTiffPacked(MediaFormatTests):
    media_format = TIFF
    good = files.picture_bytes(files.colour(), "TIFF", compression="tiff_deflate")
    damaged = good[: len(good) // 2]
    expected = facts(width=17, height=13, frame_count=1, samples_per_pixel=3)


class TestBmp(MediaFormatTests):
    media_format = BMP
    good = files.picture_bytes(files.colour(13, 16), "BMP")
    damaged = good[:-1]
    expected = facts(width=16, height=13, samples_per_pixel=3)


class TestWebp(MediaFormatTests):
    media_format = WEBP
    good = files.picture_bytes(files.colour(), "WEBP", lossless=True)
    damaged = good[:-1]
    expected = facts(width=17, height=13, samples_per_pixel=3, mimetype="image/webp")


class TestMp4(MediaFormatTests):
    media_format = VIDEO
    good = MP4
    damaged = MP4[:-1]
    expected = facts(kind=MediaKind.VIDEO, width=64, height=48, frame_count=11, fps=10.0, duration_s=1.1)


class TestMatroska(MediaFormatTests):
    media_format = VIDEO
    good = files.video_bytes(files.clip(), "matroska", "mjpeg", pix_fmt="yuvj420p")
    damaged = good[:-1]
    expected = facts(frame_count=11, mimetype="video/x-matroska")


class TestAvi(MediaFormatTests):
    media_format = VIDEO
    good = files.video_bytes(files.clip(), "avi", "mpeg4")
    damaged = good[:-1]
    expected = facts(frame_count=11, mimetype="video/x-msvideo")


class TestWebm(MediaFormatTests):
    media_format = VIDEO
    good = files.video_bytes(files.clip(), "webm", "libvpx")
    damaged = good[:-1]
    expected = facts(frame_count=11, mimetype="video/webm")


class TestMpeg(MediaFormatTests):
    media_format = VIDEO
    good = files.video_bytes(files.clip(), "mpeg", "mpeg2video", rate=25)
    damaged = good[:200]
    expected = facts(frame_count=11, mimetype="video/mpeg")
    every_cut_is_found = False  # a program stream does not say how long it is


class TestTransportStream(MediaFormatTests):
    media_format = VIDEO
    good = files.video_bytes(files.clip(), "mpegts", "mpeg2video", rate=25)
    damaged = good[:-1]
    expected = facts(frame_count=11, mimetype="video/mp2t")
    every_cut_is_found = False  # a cut between two packets leaves a shorter whole stream


class TestDicom(MediaFormatTests):
    media_format = DICOM
    good = files.dicom_bytes()
    damaged = good[: len(good) // 2]
    expected = facts(kind=MediaKind.DICOM, width=128, height=128, frame_count=1, modality="CT")
    every_cut_is_found = False  # bytes behind the pixel data may go missing without loss


def test_every_registered_format_is_here() -> None:
    tested = {kind.media_format.name for kind in MediaFormatTests.__subclasses__()}
    assert {entry.name for entry in registry.FORMATS} == tested
