from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from scenarios.support import api, asked, content, demo, file_sha256, raises, sha256


def scenario_every_demo_file_comes_back_equal(c: Any) -> None:
    client = api(c)
    kinds = {
        "mni152_t1.nii.gz": "nifti",
        "ct_small.dcm": "dicom",
        "mr_small.dcm": "dicom",
        "echo_cine.dcm": "dicom",
        "fundus.jpg": "image",
    }
    for name, kind in kinds.items():
        resource = client.resources.get_by_id(client.resources.upload_resource(demo(c, name)))
        assert (resource.kind, resource.filename) == (kind, name)
        body = client.resources.download_resource_file(resource, auto_convert=False)
        assert sha256(body) == file_sha256(demo(c, name)), name
        assert resource.size == len(body)


def scenario_shared_files_come_back_equal(c: Any) -> None:
    """Every single file of the shared data, `broken` aside, as the client uploads it."""
    import pydicom

    client = api(c)
    root = Path(c.shared)
    paths = [p for p in sorted(root.rglob("*")) if p.is_file() and "broken" not in p.parts and p.name != "README.md"]
    paths = [p for p in paths if "series" not in p.parent.parent.name]  # whole series have a scenario of their own
    assert len(paths) > 40
    ids = client.resources.upload_resources(
        [str(p) for p in paths], assemble_dicoms=False, discard_dicom_reports=False, channel=c.tag
    )
    for path, resource_id in zip(paths, ids, strict=True):
        assert isinstance(resource_id, str), f"{path.name}: {resource_id}"
        body = client.resources.download_resource_file(resource_id, auto_convert=False)
        if pydicom.misc.is_dicom(path):  # the client writes DICOM anew before it sends it
            sent, kept = pydicom.dcmread(path), pydicom.dcmread(io.BytesIO(body))
            assert kept.SOPInstanceUID == sent.SOPInstanceUID, path.name
            assert kept.get("PixelData") == sent.get("PixelData"), path.name
        else:
            assert sha256(body) == file_sha256(path), path.name


def scenario_shared_series_assembled_by_the_client(c: Any) -> None:
    import numpy as np
    import pydicom

    client = api(c)
    folder = Path(c.shared) / "ct-series" / "philips-ingenuity-head-phantom-1mm"
    paths = sorted(folder.iterdir())[:20]
    ids = client.resources.upload_resources([str(p) for p in paths], channel=c.tag)
    assert len(set(ids)) == 1, "the client sends one assembled file"
    resource = client.resources.get_by_id(ids[0])
    assert resource.get_depth() == len(paths)
    dataset = client.resources.download_resource_file(resource)
    assert int(dataset.NumberOfFrames) == len(paths)
    first = [pydicom.dcmread(p).pixel_array for p in paths]
    frames = dataset.pixel_array
    assert all(any(np.array_equal(frame, one) for one in first) for frame in frames)


def scenario_anonymised_by_the_client(c: Any) -> None:
    import pydicom

    client = api(c)
    resource_id = client.resources.upload_resource(demo(c, "mr_small.dcm"), anonymize=True)
    dataset = pydicom.dcmread(io.BytesIO(client.resources.download_resource_file(resource_id, auto_convert=False)))
    assert str(dataset.PatientName) != str(pydicom.dcmread(demo(c, "mr_small.dcm")).PatientName)
    assert client.resources.get_by_id(resource_id).modality == "MR"


def scenario_dicom_facts(c: Any) -> None:
    import pydicom

    client = api(c)
    resource = client.resources.get_by_id(client.resources.upload_resource(demo(c, "ct_small.dcm")))
    dataset = pydicom.dcmread(demo(c, "ct_small.dcm"))
    assert resource.modality == "CT"
    assert resource.instance_uid == dataset.SOPInstanceUID
    assert resource.series_uid == dataset.SeriesInstanceUID
    assert resource.study_uid == dataset.StudyInstanceUID
    assert resource.patient_id == dataset.PatientID
    cine = client.resources.get_by_id(client.resources.upload_resource(demo(c, "echo_cine.dcm")))
    assert cine.get_depth() == 30


def scenario_tags_channel_metadata_publish(c: Any) -> None:
    client = api(c)
    resource_id = client.resources.upload_resource(
        demo(c, "fundus.jpg"), tags=["eye", "left"], channel=c.tag, metadata={"site": "A", "modality": "OP"}
    )
    resource = client.resources.get_by_id(resource_id)
    assert set(resource.tags) == {"eye", "left"}
    assert (resource.upload_channel, resource.status, resource.modality) == (c.tag, "inbox", "OP")
    assert resource.source_filepath == str(Path(demo(c, "fundus.jpg")).resolve())
    client.resources.set_tags(resource, ["only"])
    client.resources.add_tags([resource_id], ["more"])
    assert set(client.resources.get_by_id(resource_id).tags) == {"only", "more"}
    client.resources.publish_resources(resource)
    client.resources.publish_resources(resource)  # again: harmless
    published = client.resources.get_by_id(resource_id)
    assert (published.status, published.published, published.published_by) == ("published", True, c.email)
    channel = next(ch for ch in client.resources.list_channels(deleted="exclude") if ch.channel_name == c.tag)
    assert channel.get_resource_ids() == [resource_id]


def scenario_search_with_every_filter(c: Any) -> None:
    client = api(c)
    eye, ct, head = client.resources.upload_resources(
        [demo(c, "fundus.jpg"), demo(c, "ct_small.dcm"), demo(c, "mni152_t1.nii.gz")],
        channel=c.tag,
        tags=[f"{c.tag}-all"],
    )
    client.resources.publish_resources(ct)
    client.resources.set_tags([eye], [f"{c.tag}-eye", f"{c.tag}-all"])

    def found(**filters: Any) -> set[str]:
        return {r.id for r in client.resources.get_list(**{"channel": c.tag, **filters})}

    today = date.today()
    assert found() == {eye, ct, head}
    assert found(status="inbox") == {eye, head}
    assert found(status="published") == {ct}
    assert found(modality="CT") == {ct}
    assert found(mimetype="image/jpeg") == {eye}
    assert found(filename="fundus.jpg") == {eye}
    assert found(tags=[f"{c.tag}-eye"]) == {eye}
    assert found(tags=[f"{c.tag}-eye", f"{c.tag}-all"]) == {eye, ct, head}  # union
    assert found(from_date=today - timedelta(days=1)) == {eye, ct, head}
    assert found(from_date=today + timedelta(days=2)) == set()
    assert found(to_date=today - timedelta(days=1)) == set()
    assert found(source_filepath=str(Path(demo(c, "fundus.jpg")).resolve())) == {eye}
    assert len(found(limit=2)) == 2
    names = [
        r.filename for r in client.resources.get_list(channel=c.tag, order_field="filename", order_ascending=False)
    ]
    assert names == sorted(names, reverse=True)
    assert eye in {r.id for r in client.resources.get_not_annotated(channel_name=c.tag)}


def scenario_frame_and_slices(c: Any) -> None:
    import numpy as np
    from nibabel import load

    client = api(c)
    cine = client.resources.get_by_id(client.resources.upload_resource(demo(c, "echo_cine.dcm")))
    frame = np.asarray(client.resources.download_resource_frame(cine, 4))
    assert frame.shape[:2] == (240, 320)
    head = client.resources.get_by_id(client.resources.upload_resource(demo(c, "mni152_t1.nii.gz")))
    assert head.get_depth() == 189
    plane = np.asarray(head.get_slice("axial", 90)).squeeze()
    expected = np.asarray(load(demo(c, "mni152_t1.nii.gz")).dataobj)[:, :, 90]
    assert plane.shape in {expected.shape, expected.T.shape}


def scenario_cache_hit_and_invalidation(c: Any) -> None:
    client = api(c)
    resource = client.resources.get_by_id(client.resources.upload_resource(demo(c, "fundus.jpg")))
    assert not resource.is_cached()
    body = resource.fetch_file_data(auto_convert=False, use_cache=True)
    for same in (resource, client.resources.get_by_id(resource.id), *client.resources.get_list(filename="fundus.jpg")):
        if same.id == resource.id:
            assert same.is_cached(), "created_at and size must be the same text from every endpoint"
    assert Path(resource.filepath_cached).read_bytes() == body
    client.resources.bulk_delete([resource])
    gone = next(r for r in client.resources.get_deleted() if r.id == resource.id)
    assert not gone.is_cached(), "deleted_at is part of what makes a cached copy valid"


def scenario_delete_and_restore(c: Any) -> None:
    from datamint.exceptions import DatamintException

    client = api(c)
    ids = client.resources.upload_resources([demo(c, "fundus.jpg"), demo(c, "ct_small.dcm")], channel=c.tag)
    client.resources.delete(ids[0])
    assert {r.id for r in client.resources.get_list(channel=c.tag)} == {ids[1]}
    assert {r.id for r in client.resources.get_list(channel=c.tag, deleted="only")} == {ids[0]}
    assert {r.id for r in client.resources.get_list(channel=c.tag, deleted="include")} == set(ids)
    assert client.resources.restore(ids[0]).deleted is False
    client.resources.bulk_delete(ids)
    outcome = client.resources.bulk_restore(ids)
    assert set(outcome["restored"]) == set(ids)
    assert client.resources.bulk_restore(ids[:1])["skipped"][0]["reason"] == "not_deleted"
    client.resources.bulk_publish(ids)
    assert {r.status for r in client.resources.get_list(channel=c.tag)} == {"published"}
    raises(DatamintException, client.resources.restore, "00000000-0000-4000-8000-000000000000")


def scenario_upload_from_memory_and_bad_files(c: Any) -> None:
    from datamint.exceptions import DatamintException, ValidationError

    client = api(c)
    whole = Path(demo(c, "fundus.jpg")).read_bytes()
    stream = io.BytesIO(whole)
    stream.name = "from-memory.jpg"
    assert client.resources.get_by_id(client.resources.upload_resource(stream)).filename == "from-memory.jpg"
    before = {r.id for r in client.resources.get_list(channel=c.tag)}
    for name, body in (
        ("empty.png", b""),
        ("text.png", b"hello, this is text" * 10),
        ("cut.jpg", whole[:5000]),
    ):
        path = Path(c.tmp) / name
        path.write_bytes(body)
        error = raises(DatamintException, client.resources.upload_resource, str(path), channel=c.tag)
        assert isinstance(error, ValidationError), type(error)
        assert name in str(error), f"the file is named: {error}"
    outcome = client.resources.upload_resources(
        [str(Path(c.tmp) / "text.png"), demo(c, "fundus.jpg")], on_error="skip", channel=c.tag
    )
    assert isinstance(outcome[0], Exception)
    assert isinstance(outcome[1], str)
    assert {r.id for r in client.resources.get_list(channel=c.tag)} == before | {outcome[1]}


def scenario_several_files_at_once(c: Any) -> None:
    client = api(c)
    names = ("fundus.jpg", "mni152_t1.nii.gz", "echo_cine.dcm")
    ids = [client.resources.upload_resource(demo(c, name)) for name in names]
    paths = client.resources.download_multiple_resources(ids, c.tmp, add_extension=True)
    for name, resource_id, path in zip(names, ids, paths, strict=True):
        assert file_sha256(path) == sha256(content(c, f"/resources/{resource_id}/file")) == file_sha256(demo(c, name))
    chosen = [str(Path(c.tmp) / f"{number}.bin") for number in range(2)]
    found = [client.resources.get_by_id(one) for one in ids[:2]]
    assert client.resources.download_multiple_resources(found, chosen) == chosen
    assert [file_sha256(path) for path in chosen] == [file_sha256(path) for path in paths[:2]]
    assert Path(paths[0]).suffix in {".jpg", ".jpeg"}


def scenario_a_frame_as_everybody_sees_it(c: Any) -> None:
    import numpy as np
    from PIL import Image

    client = api(c)
    cine = client.resources.upload_resource(demo(c, "echo_cine.dcm"))
    for index in (0, 29):
        frame = np.asarray(client.resources.download_resource_frame(cine, index))
        other = np.asarray(Image.open(io.BytesIO(content(c, f"/resources/{cine}/frames/{index}"))))
        np.testing.assert_array_equal(frame, other)


def scenario_what_is_not_annotated_yet(c: Any) -> None:
    client = api(c)
    eye, ct = client.resources.upload_resources([demo(c, "fundus.jpg"), demo(c, "ct_small.dcm")], channel=c.tag)

    def left(**narrowed: Any) -> set[str]:
        return {r.id for r in client.resources.get_not_annotated(channel_name=c.tag, **narrowed)}

    assert left() == {eye, ct}
    assert len(left(limit=1)) == 1
    label = client.annotations.add_label_annotation(eye, "seen")
    assert left() == {ct}
    assert [a["id"] for a in asked(c, f"/annotations?resource_id={eye}")["data"]] == [label]
    client.annotations.delete(label)
    assert left() == {eye, ct}


def scenario_tags_of_many_and_a_channel_of_a_project(c: Any) -> None:
    client = api(c)
    eye, ct = client.resources.upload_resources([demo(c, "fundus.jpg"), demo(c, "ct_small.dcm")], channel=c.tag)
    client.resources.set_tags([eye, ct], ["a"])
    client.resources.add_tags([ct], ["b"])
    assert [set(asked(c, f"/resources/{one}")["tags"]) for one in (eye, ct)] == [{"a"}, {"a", "b"}]
    project = client.projects.create(c.tag, "", resource_ids=[ct])
    (channel,) = client.resources.list_channels(project_name=project.name)
    assert (channel.channel_name, channel.get_resource_ids()) == (c.tag, [ct])


def scenario_deleted_restored_and_published_for_everybody(c: Any) -> None:
    client = api(c)
    ids = client.resources.upload_resources([demo(c, "fundus.jpg"), demo(c, "ct_small.dcm")], channel=c.tag)

    def told() -> list[tuple[str, bool]]:
        found = asked(c, f"/resources?status=&deleted=include&channel_name={c.tag}")["data"][0]["resources"]
        rows = {row["id"]: (row["status"], row["deleted"]) for row in found}
        return [rows[one] for one in ids]

    client.resources.bulk_delete(ids)
    assert told() == [("deleted", True)] * 2 or [gone for _, gone in told()] == [True] * 2
    assert {r.id for r in client.resources.get_deleted()} >= set(ids)
    unknown = "00000000-0000-7000-8000-000000000000"
    outcome = client.resources.bulk_restore([*ids, unknown])
    assert (outcome["restored"], outcome["skipped"]) == (ids, [{"id": unknown, "reason": "not_found"}])
    assert told() == [("inbox", False)] * 2
    client.resources.bulk_publish(ids)
    assert told() == [("published", False)] * 2
