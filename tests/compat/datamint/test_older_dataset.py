"""A project's ZIP, read by the dataset class of the published datamint 2.0.0, not changed in any way.

That class needs torch, which is in the newer client's environment only: the older package is put in front of it.
"""

from __future__ import annotations

import io
import json
import subprocess
import uuid
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.acceptance.support import api_of, got, send, when_ready
from tests.compat.datamint.published import HERE, OLDER, TODAYS
from tests.demo_data import DEMO_DATA
from tests.running import Running

pytestmark = [OLDER.needed, TODAYS.needed]


def read_by_the_older_class(archive: bytes, tmp_path: Path) -> dict[str, Any]:
    zipfile.ZipFile(io.BytesIO(archive)).extractall(tmp_path / "project")
    (package,) = (OLDER.python.parent.parent / "lib").glob("python3.*/site-packages/datamint")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "datamint").symlink_to(package)
    done = subprocess.run(
        [str(TODAYS.python), str(HERE / "older_dataset.py"), str(tmp_path / "package"), str(tmp_path)],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "NO_ALBUMENTATIONS_UPDATE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_dataset_class_reads_every_image_and_mask(running: Running, tmp_path: Path) -> None:
    with running.client() as client, api_of(running) as api:
        names = ("fundus.jpg", "ct_small.dcm", "mni152_t1.nii.gz")
        ids = {name: send(client, name, (DEMO_DATA / name).read_bytes()) for name in names}
        for item_id in ids.values():
            when_ready(client, item_id)
        project = {"name": uuid.uuid4().hex, "resource_ids": list(ids.values())}
        pid = client.post("/projects", json=project).raise_for_status().json()["id"]
        mask = np.zeros((128, 128), np.uint8)
        mask[10:30, 12:33] = 1
        api.annotations.upload_segmentations(ids["ct_small.dcm"], mask, "spot", frame_index=0)
        volume = np.zeros((197, 233, 189), np.uint8)
        volume[20:40, 30:50, 10:13] = 1
        api.annotations.upload_volume_segmentation(ids["mni152_t1.nii.gz"], volume, {1: "lobe"})
        quality = {"type": "category", "identifier": "quality", "scope": "image", "value": "good"}
        client.post(f"/annotations/{ids['fundus.jpg']}/annotations", json=[quality]).raise_for_status()
        wanted = {"all_annotations": "True", "include_unannotated": "True"}
        archive = client.get(f"/projects/{pid}/annotated_dataset", params=wanted)
        assert archive.status_code == 200
        assert len(got(client, f"/projects/{pid}/resources")) == 3
    told = read_by_the_older_class(archive.content, tmp_path)
    assert told["categories"] == [["quality", "good"]]
    items = told["items"]
    assert items[ids["fundus.jpg"]] == {"shape": [1, 3, 1411, 1411], "masks": {}}
    assert items[ids["ct_small.dcm"]] == {
        "shape": [1, 1, 128, 128],
        "masks": {"spot": [[0, 20 * 21, [10, 12, 29, 32]]]},
    }
    head = items[ids["mni152_t1.nii.gz"]]
    assert head["shape"] == [189, 1, 233, 197]
    assert head["masks"] == {"lobe": [[k, 400, [30, 20, 49, 39]] for k in (10, 11, 12)]}  # rows are y, columns x
