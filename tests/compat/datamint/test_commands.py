"""The published client's commands as a new user types them: ``datamint config``, then ``datamint upload`` of a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
import yaml

from fiducial import Api
from tests.compat.datamint.published import TODAYS
from tests.demo_data import DEMO_DATA
from tests.running import Running

pytestmark = TODAYS.needed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def datamint(home: Path, *arguments: str, answers: str = "") -> str:
    """Run the command in a home of its own; what it printed."""
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("FIDUCIAL_", "DATAMINT_", "PYTHON", "XDG_"))
    }
    done = subprocess.run(
        [str(TODAYS.python.with_name("datamint")), *arguments],
        cwd=home,
        env=environment | {"HOME": str(home), "NO_ALBUMENTATIONS_UPDATE": "1"},
        input=answers,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def configure(home: Path, running: Running) -> None:
    datamint(home, "config", "--api-key", running.key, "--default-url", running.url)


def test_config_keeps_the_address_and_the_key(home: Path, running: Running) -> None:
    configure(home, running)
    (path,) = home.rglob("datamintapi.yaml")
    kept = yaml.safe_load(path.read_text())
    assert (kept["default_api_url"].rstrip("/"), kept["api_key"]) in {(url, running.key) for url in running.urls}


def test_upload_of_a_folder(home: Path, running: Running, tmp_path: Path) -> None:
    """Slices of a series become one resource, patients are made anonymous, and all of it lands in the project."""
    folder, channel = tmp_path / "study", f"commands {tmp_path.name}"
    shutil.copytree(DEMO_DATA / "mr_series", folder / "series")
    shutil.copy(DEMO_DATA / "fundus.jpg", folder)
    shutil.copy(DEMO_DATA / "mni152_t1.nii.gz", folder)
    (folder / "notes.txt").write_text("not an image")
    configure(home, running)
    with Api(running.url, running.key) as api:
        project = api.projects.create(channel, "")
        datamint(
            home, "upload", str(folder), "-r", "--channel", channel, "--tag", "from a command", "--project", channel,
            "--publish", "--yes",
        )  # fmt: skip
        found = {r.filename: r for r in api.resources.get_list(channel=channel)}
        assert {r.kind for r in found.values()} == {"dicom", "image", "nifti"}
        assert {(r.status, tuple(r.tags or ())) for r in found.values()} == {("published", ("from a command",))}
        assert {r.id for r in api.projects.get_project_resources(project)} == {r.id for r in found.values()}
        (series,) = (r for r in found.values() if r.is_dicom())
        assert series.get_depth() == 2
        sent = pydicom.dcmread(DEMO_DATA / "mr_series" / "0.dcm", stop_before_pixels=True)
        assert series.patient_id != sent.PatientID
        body = found["fundus.jpg"].fetch_file_data(auto_convert=False)
        assert body == (DEMO_DATA / "fundus.jpg").read_bytes()
