"""The published package's own commands, as a person types them, with a home folder of their own."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scenarios.support import api, demo


def _run(c: Any, *arguments: str, code: int = 0, drawing: bool = False, **environment: str) -> str:
    """``datamint ARGUMENTS``; what it printed. It must end with ``code``."""
    home = Path(c.tmp) / "home"
    home.mkdir(exist_ok=True)
    own = {k: v for k, v in os.environ.items() if not k.startswith(("DATAMINT_", "XDG_"))}
    command = [str(Path(sys.executable).with_name("datamint"))]
    if drawing:
        command = [sys.executable, "-c", _DRAWING]
        own["PYTHONPATH"] = str(Path(__file__).parents[1])
    ended = subprocess.run(
        [*command, *arguments],
        cwd=home,
        env={**own, "HOME": str(home), "COLUMNS": "200", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    printed = ended.stdout + ended.stderr
    assert ended.returncode == code, printed
    return printed


_DRAWING = """
import sys
from datamint.client_cmd_tools import datamint_upload
from scenarios.support import without_torchvision
without_torchvision()
from datamint.__main__ import main
sys.argv[0] = "datamint"
main()
"""
"""The command where it imports its drawing module, for the colours of segments, in an environment without torchvision."""


def _configured(c: Any) -> None:
    _run(c, "config", "--default-url", c.url, "--api-key", c.key)


def scenario_config_stores_where_and_with_which_key(c: Any) -> None:
    _run(c, "config", "--default-url", c.url)
    _run(c, "config", "--api-key", c.key)
    stored = [path.read_text() for path in (Path(c.tmp) / "home").rglob("*.yaml")]
    assert any(c.url in text and c.key in text for text in stored)
    shutil.copy(demo(c, "fundus.jpg"), Path(c.tmp) / "a.jpg")
    _run(c, "upload", str(Path(c.tmp) / "a.jpg"), "--channel", c.tag, "--yes")
    (found,) = api(c).resources.get_list(channel=c.tag)
    assert (found.filename, found.upload_channel) == ("a.jpg", c.tag)


def scenario_upload_a_folder(c: Any) -> None:
    _configured(c)
    client = api(c)
    project = client.projects.create(c.tag, "")
    folder = Path(c.tmp) / "in"
    (folder / "deep").mkdir(parents=True)
    shutil.copy(demo(c, "fundus.jpg"), folder / "eye.jpg")
    shutil.copy(demo(c, "mni152_t1.nii.gz"), folder / "deep" / "brain.nii.gz")
    (folder / "deep" / "brain.json").write_text(json.dumps({"site": "A"}))
    printed = _run(
        c, "upload", str(folder), "--recursive", "--project", project.name, "--channel", c.tag,
        "--tag", "one", "--tag", "two", "--publish", "--yes",
    )  # fmt: skip
    assert "All uploads successful" in printed
    found = {one.filename: one for one in client.projects.get_project_resources(project)}
    assert set(found) == {"eye.jpg", "brain.nii.gz"}
    for one in found.values():
        assert (one.status, one.upload_channel, sorted(one.tags)) == ("published", c.tag, ["one", "two"])
    assert "A" in json.dumps(client.resources.get_by_id(found["brain.nii.gz"].id).asdict(), default=str)


def scenario_upload_anonymises_dicom(c: Any) -> None:
    import pydicom

    _configured(c)
    client, path = api(c), Path(c.tmp) / "a.dcm"
    dataset = pydicom.dcmread(demo(c, "ct_small.dcm"))
    dataset.PatientName, dataset.PatientID, dataset.AccessionNumber = "Okonkwo^Adaeze", "MRN-77", "A-1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    dataset.save_as(path)
    _run(c, "upload", str(path), "--channel", c.tag, "--retain-attribute", "(0x0008, 0x0050)", "--yes")
    (found,) = client.resources.get_list(channel=c.tag)
    kept = pydicom.dcmread(io.BytesIO(client.resources.download_resource_file(found, auto_convert=False)))
    assert "Okonkwo" not in str(kept.PatientName)
    assert (kept.PatientID != "MRN-77", kept.AccessionNumber) == (True, "A-1")
    assert found.patient_id == kept.PatientID
    _run(c, "upload", str(path), "--channel", f"{c.tag}-pii", "--retain-pii", "--yes")
    (whole,) = client.resources.get_list(channel=f"{c.tag}-pii")
    content = client.resources.download_resource_file(whole, auto_convert=False)
    assert pydicom.dcmread(io.BytesIO(content)).PatientName == "Okonkwo^Adaeze"


def scenario_upload_with_segmentations(c: Any) -> None:
    import nibabel
    import numpy as np

    _configured(c)
    client = api(c)
    project = client.projects.create(c.tag, "")
    images, masks = Path(c.tmp) / "images", Path(c.tmp) / "masks"
    images.mkdir()
    masks.mkdir()
    shutil.copy(demo(c, "mni152_t1.nii.gz"), images / "brain.nii.gz")
    image = nibabel.load(demo(c, "mni152_t1.nii.gz"))
    labels = np.zeros(image.shape[:3], np.uint8)
    labels[10:20, 10:20, 10:12], labels[30:40, 30:40, 30:32] = 1, 2
    nibabel.Nifti1Image(labels, image.affine).to_filename(masks / "brain_seg.nii.gz")
    (Path(c.tmp) / "names.yaml").write_text("class_names:\n  1: grey\n  2: white\n")
    _run(
        c, "upload", str(images / "brain.nii.gz"), "--segmentation_path", str(masks / "brain_seg.nii.gz"),
        "--segmentation_names", str(Path(c.tmp) / "names.yaml"), "--project", project.name, "--worklist", "From files", "--yes",
        drawing=True,
    )  # fmt: skip
    (resource,) = client.projects.get_project_resources(project)
    (worklist,) = [one for one in client.annotationsets.get_by_project(project) if one.name == "From files"]
    rows = client.annotationsets.get_segmentations(worklist.id, resource.id)
    assert {row["identifier"] for row in rows} == {"grey", "white"}
    grey = next(row for row in rows if row["identifier"] == "grey")
    place = Path(c.tmp) / "grey.nii.gz"
    place.write_bytes(client.annotations.download_file(grey["id"]))
    assert np.array_equal(np.asanyarray(nibabel.load(place).dataobj) != 0, labels == 1)


def scenario_upload_says_what_went_wrong(c: Any) -> None:
    _configured(c)
    broken = Path(c.tmp) / "broken.png"
    broken.write_bytes(Path(demo(c, "fundus.jpg")).read_bytes()[:2000])
    shutil.copy(demo(c, "fundus.jpg"), Path(c.tmp) / "good.jpg")
    folder = Path(c.tmp) / "in"
    folder.mkdir()
    shutil.copy(broken, folder / "broken.jpg")
    shutil.copy(demo(c, "fundus.jpg"), folder / "good.jpg")
    printed = _run(c, "upload", str(folder), "--channel", c.tag, "--yes", code=1)
    assert "Failed uploads: 1" in printed
    assert "broken.jpg" in printed
    (found,) = api(c).resources.get_list(channel=c.tag)
    assert found.filename == "good.jpg"
    printed = _run(c, "upload", str(folder), "--project", "no such project", "--yes")
    assert "not found" in printed
    printed = _run(c, "upload", str(folder), "--yes", DATAMINT_API_KEY="fid_wrong-key")
    assert "Connection failed" in printed
