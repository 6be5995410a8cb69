"""Each kind of item in each form: values equal to what a reader gives, places equal to the header's, or the reason."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image

from fiducial.errors import Conflict, Damaged, FiducialError, Invalid, NotFound, TooLarge, Unsupported
from fiducial.media.base import Stage
from fiducial.media.registry import open_media
from fiducial_server.db.files import files_of
from fiducial_server.model.item import Item
from fiducial_server.services.exports import arrays
from fiducial_server.services.exports.image_format import ImageFormat, Missing, format_of, members
from fiducial_server.services.exports.names import Names
from fiducial_server.services.uploads import UploadFacts
from tests.demo_data import DEMO_DATA
from tests.unit.fiducial_server.services.items_stage import Stage as Services
from tests.unit.fiducial_server.services.items_stage import ct_slice, nifti, png, spool_files, stage

__all__ = ["stage"]
F = ImageFormat


@dataclass(frozen=True)
class File:
    name: str
    body: bytes
    compressed: bool


def made(services: Services, item: Item, wanted: F, names: Names | None = None) -> list[File | Missing]:
    with services.database.read(services.actor.organization_id) as scope:
        files = files_of(scope, item.id)
    found: list[File | Missing] = []
    for one in members(wanted, item, files, services.store, names or Names()):
        if isinstance(one, Missing):
            found.append(one)
            continue
        body = b"".join(one.pieces)
        assert len(body) == one.size
        found.append(File(one.name, body, one.compressed))
    assert spool_files(services.spools) == 0
    return found


def demo(services: Services, name: str) -> Item:
    item = services.send((DEMO_DATA / name).read_bytes(), name)
    services.work()
    return services.items.get(services.actor, item.id)


def series(services: Services, bodies: Sequence[bytes]) -> Item:
    group = services.uploads.open_group(services.actor, UploadFacts("a series"), origin="test")
    for number, body in enumerate(bodies):
        services.add(group.id, body, f"slice {number}.dcm")
    services.uploads.close_group(services.actor, group.id, origin="test")
    services.work()
    return services.items.get(services.actor, group.id)


def one(found: list[File | Missing]) -> File:
    (file,) = found
    assert isinstance(file, File)
    return file


def values(name: str, stage: Stage = Stage.MODALITY, index: int = 0) -> Any:
    with (DEMO_DATA / name).open("rb") as source, open_media(source) as reader:
        return reader.frame(index, stage)


def test_a_ct_slice_in_every_form(stage: Services) -> None:
    item, source = demo(stage, "ct_small.dcm"), pydicom.dcmread(DEMO_DATA / "ct_small.dcm")
    hounsfield = source.pixel_array.astype(np.float64) * source.RescaleSlope + source.RescaleIntercept
    looks = one(made(stage, item, F.PNG))
    assert (looks.name, looks.compressed) == ("ct_small.png", True)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(looks.body))), values("ct_small.dcm", Stage.DISPLAY))
    assert Image.open(io.BytesIO(one(made(stage, item, F.JPG)).body)).size == (128, 128)
    tiff = one(made(stage, item, F.TIFF))
    page = tifffile.TiffFile(io.BytesIO(tiff.body)).pages[0]
    assert (tiff.name, page.dtype) == ("ct_small.tif", np.int16)
    np.testing.assert_array_equal(page.asarray(), hounsfield)
    array = np.load(io.BytesIO(one(made(stage, item, F.NPY)).body))
    assert (array.shape, array.dtype) == ((1, 128, 128), np.float32)
    np.testing.assert_array_equal(array[0], hounsfield)
    assert one(made(stage, item, F.DICOM)) == File("ct_small.dcm", (DEMO_DATA / "ct_small.dcm").read_bytes(), True)
    volume: Any = nib.Nifti1Image.from_bytes(gzip.decompress(one(made(stage, item, F.NIFTI)).body))
    np.testing.assert_array_equal(np.asarray(volume.dataobj)[:, :, 0].T, hounsfield)
    origin = volume.affine @ [0, 0, 0, 1]
    np.testing.assert_allclose(origin[:3] * [-1, -1, 1], [float(n) for n in source.ImagePositionPatient], atol=1e-4)


def test_a_series_is_one_volume_in_its_place(stage: Services) -> None:
    """correctness, golden 11 and 13: spacing [row, column], slices by position, LPS to RAS by sign alone."""
    item = series(stage, [ct_slice(number) for number in (2, 0, 1)])
    packed = one(made(stage, item, F.NIFTI))
    assert packed.name == "a series.nii.gz"
    volume: Any = nib.Nifti1Image.from_bytes(gzip.decompress(packed.body))
    assert (volume.shape, volume.get_data_dtype()) == ((6, 4, 3), np.float32)
    for number in range(3):
        plane = np.arange(24).reshape(4, 6) + 100 * number - 1000
        np.testing.assert_array_equal(np.asarray(volume.dataobj)[:, :, number].T, plane)
    np.testing.assert_allclose(volume.affine, [[-0.75, 0, 0, 10], [0, -0.5, 0, 20], [0, 0, 2.5, 0], [0, 0, 0, 1]])
    assert int(volume.header["qform_code"]) == int(volume.header["sform_code"]) == 1
    np.testing.assert_allclose(volume.get_qform(), volume.affine, atol=1e-5)
    array = np.load(io.BytesIO(one(made(stage, item, F.NPY)).body))
    np.testing.assert_array_equal(array, np.asarray(volume.dataobj).T)
    pictures = made(stage, item, F.TIFF)
    assert [file.name for file in pictures] == [f"a series/000{n}.tif" for n in range(3)]  # type: ignore[union-attr]
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(pictures[2].body)), array[2])  # type: ignore[union-attr]


def test_a_series_as_dicom_is_its_files(stage: Services) -> None:
    bodies = [ct_slice(number) for number in (1, 0)]
    found = made(stage, series(stage, bodies), F.DICOM)
    assert [(f.name, f.body) for f in found if isinstance(f, File)] == [
        ("a series/slice 1.dcm", bodies[1]),
        ("a series/slice 0.dcm", bodies[0]),
    ]


def test_a_sheared_volume_keeps_its_shear(stage: Services) -> None:
    """A tilted gantry: only the sform can say it (correctness, 18)."""
    bodies = []
    for number in range(3):
        dataset = pydicom.dcmread(io.BytesIO(ct_slice(number)))
        dataset.ImagePositionPatient = [-10.0, -20.0 - 1.2941 * number, 4.8296 * number]
        out = io.BytesIO()
        dataset.save_as(out)
        bodies.append(out.getvalue())
    item = series(stage, bodies)
    volume: Any = nib.Nifti1Image.from_bytes(gzip.decompress(one(made(stage, item, F.NIFTI)).body))
    np.testing.assert_allclose(volume.affine[:3, 2], [0, 1.2941, 4.8296], atol=1e-5)
    assert (int(volume.header["sform_code"]), int(volume.header["qform_code"])) == (1, 0)


def test_what_has_the_form_goes_as_it_came(stage: Services) -> None:
    body = (DEMO_DATA / "fundus.jpg").read_bytes()
    assert one(made(stage, demo(stage, "fundus.jpg"), F.JPG)) == File("fundus.jpg", body, True)
    volume = (DEMO_DATA / "mni152_t1.nii.gz").read_bytes()
    assert one(made(stage, demo(stage, "mni152_t1.nii.gz"), F.NIFTI)) == File("mni152_t1.nii.gz", volume, True)
    bare = stage.send(gzip.compress(nifti()), "no ending")
    assert one(made(stage, bare, F.NIFTI)).name == "no ending.nii.gz"
    assert one(made(stage, stage.send(nifti((5, 4, 2)), "plain.img"), F.NIFTI)).name == "plain.img.nii"


def test_a_nifti_in_other_forms(stage: Services) -> None:
    item, source = stage.send(nifti(), "a.nii"), np.arange(60, dtype=np.int16).reshape(5, 4, 3)
    np.testing.assert_array_equal(np.load(io.BytesIO(one(made(stage, item, F.NPY)).body)), source.T)
    assert [f.name for f in made(stage, item, F.PNG)] == [f"a/000{n}.png" for n in range(3)]  # type: ignore[union-attr]


def test_colour(stage: Services) -> None:
    item = demo(stage, "fundus.jpg")
    colour = values("fundus.jpg")
    array = np.load(io.BytesIO(one(made(stage, item, F.NPY)).body))
    assert (array.dtype, array.shape) == (np.uint8, (1, *colour.shape))
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(one(made(stage, item, F.TIFF)).body)), colour)


REFUSED = {
    "a picture has no place": ("fundus.jpg", F.NIFTI, "place in mm"),
    "a picture is no DICOM": ("fundus.jpg", F.DICOM, "no DICOM, but jpeg"),
    "a NIfTI is no DICOM": ("mni152_t1.nii.gz", F.DICOM, "no DICOM, but nifti"),
    "a cine is not one grid": ("echo_cine.dcm", F.NIFTI, "not one grid"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_there_is_no_such_form_of(stage: Services, case: str) -> None:
    name, wanted, reason = REFUSED[case]
    with pytest.raises(Unsupported, match=reason):
        made(stage, demo(stage, name), wanted)
    assert spool_files(stage.spools) == 0


def test_an_array_that_would_be_too_large(stage: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LARGEST_ARRAY", 100)
    with pytest.raises(TooLarge, match="take png or tiff"):
        made(stage, stage.send(nifti(), "a.nii"), F.NPY)
    assert spool_files(stage.spools) == 0


def test_pictures_of_different_size_make_no_array(stage: Services) -> None:
    item = series_of_pictures(stage, [png(8, 6), png(9, 6)])
    with pytest.raises(Unsupported, match="no one array"):
        made(stage, item, F.NPY)
    assert len(made(stage, item, F.PNG)) == 2


def series_of_pictures(services: Services, bodies: Sequence[bytes]) -> Item:
    group = services.uploads.open_group(services.actor, UploadFacts("pictures"), origin="test")
    for number, body in enumerate(bodies):
        services.add(group.id, body, f"{number}.png")
    services.uploads.close_group(services.actor, group.id, origin="test")
    services.work()
    return services.items.get(services.actor, group.id)


def test_frames_that_cannot_be_decoded_are_told(stage: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    from fiducial.media.nifti.reader import NiftiReader

    item, whole = stage.send(nifti(), "a.nii"), NiftiReader.frame

    def broken(self: NiftiReader, index: int, wanted: Stage = Stage.MODALITY) -> Any:
        if index == 1:
            raise Damaged("its bytes are gone")
        return whole(self, index, wanted)

    monkeypatch.setattr(NiftiReader, "frame", broken)
    found = made(stage, item, F.PNG)
    assert [f if isinstance(f, Missing) else f.name for f in found] == [
        "a/0000.png",
        Missing(1, "its bytes are gone"),
        "a/0002.png",
    ]
    with pytest.raises(Damaged, match="gone"):
        made(stage, item, F.NPY)
    assert spool_files(stage.spools) == 0


def test_items_that_are_not_ready(stage: Services) -> None:
    group = stage.uploads.open_group(stage.actor, UploadFacts("open"), origin="test")
    stage.add(group.id, ct_slice())
    with pytest.raises(Conflict, match="still coming"):
        made(stage, stage.items.get(stage.actor, group.id), F.DICOM)
    stage.uploads.close_group(stage.actor, group.id, origin="test")
    with pytest.raises(Conflict, match="put in order"):
        made(stage, stage.items.get(stage.actor, group.id), F.PNG)


def test_bytes_that_are_gone(stage: Services) -> None:
    item = stage.send(png(), "a.png")
    with stage.database.read(stage.actor.organization_id) as scope:
        (file,) = files_of(scope, item.id)
    stage.store.delete(file.sha256)
    for wanted in (F.PNG, F.NPY):
        with pytest.raises(FiducialError):
            made(stage, item, wanted)
    with pytest.raises(NotFound, match="not found"):
        list(members(F.PNG, item, [], stage.store, Names()))


def test_words_that_are_no_form() -> None:
    assert [format_of(word) for word in ("jpg", "png", "tiff", "dicom", "npy", "nifti")] == list(F)
    for word in ("jpeg", "PNG", "", "dcm"):
        with pytest.raises(Invalid, match="one of jpg, png, tiff, dicom, npy, nifti"):
            format_of(word)


def test_two_items_of_one_name(stage: Services) -> None:
    names = Names()
    first, second = stage.send(png(), "a.png"), stage.send(png(value=7), "a.PNG")
    assert [one(made(stage, item, F.PNG, names)).name for item in (first, second)] == ["a.png", "a-2.png"]
