"""Both generations of the published client in one project: what one writes, the other reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fiducial import Api
from tests.acceptance.support import new_video, when_ready
from tests.compat.datamint.published import OLDER, TODAYS, Client, Published, context
from tests.demo_data import DEMO_DATA
from tests.running import Running

pytestmark = [TODAYS.needed, OLDER.needed]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Published, Client]]:
    with TODAYS.started(tmp_path_factory.mktemp("new")) as new, OLDER.started(tmp_path_factory.mktemp("old")) as old:
        yield {TODAYS: new, OLDER: old}


@pytest.mark.parametrize(("writer", "reader"), [(OLDER, TODAYS), (TODAYS, OLDER)], ids=lambda one: one.version)
def test_what_one_writes_the_other_reads(
    writer: Published, reader: Published, clients: dict[Published, Client], running: Running, tmp_path: Path
) -> None:
    told = clients[writer].run("exchange", "write", context("exchange", running, tmp_path))
    clients[reader].run("exchange", "read", context("exchange", running, tmp_path, told=told))
    with Api(running.url, running.key) as api:
        names = {a.identifier for a in api.annotations.get_list(told["cine"])}
    if reader is TODAYS:
        assert "quality of the image" in names, "renamed by the reader"
    else:
        assert "finding" not in names, "deleted by the reader"


@pytest.mark.parametrize("reader", [OLDER, TODAYS], ids=lambda one: one.version)
def test_what_we_write_both_read(
    reader: Published, clients: dict[Published, Client], running: Running, tmp_path: Path
) -> None:
    """A picture without a modality, a cine, a volume, a series of files, a video, each with a label."""
    video = tmp_path / "clip.mp4"
    video.write_bytes(new_video())
    channel, kinds = f"ours for {reader.version} {tmp_path.name}", {}
    with Api(running.url, running.key) as api, running.client() as client:
        for path, kind in (("fundus.jpg", "image"), ("echo_cine.dcm", "dicom"), ("mni152_t1.nii.gz", "nifti")):
            kinds[api.resources.upload_resource(str(DEMO_DATA / path), channel=channel, resume=False)] = kind
        kinds[api.resources.upload_resource(str(video), channel=channel, resume=False)] = "video"
        kinds[api.resources.upload_series(DEMO_DATA / "mr_series", channel=channel, resume=False)] = "dicom"
        project = api.projects.create(channel, "", resource_ids=list(kinds))
        for resource_id in kinds:
            when_ready(client, resource_id)
            api.annotations.add_label_annotation(resource_id, "seen")
    told = {"resources": kinds, "channel": channel, "project": project.id, "dataset": project.dataset_id}
    clients[reader].run("exchange", "read_ours", context("exchange", running, tmp_path, told=told))
