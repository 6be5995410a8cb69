"""``APIHandler``: the way in, projects, resources, users."""

from __future__ import annotations

import io
import uuid
from pathlib import Path
from typing import Any

from scenarios.support import demo, file_sha256, raises, sha256


def handler(c: Any) -> Any:
    from datamint import APIHandler

    return APIHandler(root_url=c.url, api_key=c.key)


def scenario_start_up_and_wrong_key(c: Any) -> Any:
    from datamint import APIHandler
    from datamint.apihandler.base_api_handler import DatamintException

    assert isinstance(handler(c).get_projects(), list)
    error = raises(DatamintException, APIHandler, root_url=c.url, api_key="fid_unknown")
    assert "401" in str(error)
    APIHandler(root_url=c.url, api_key="fid_unknown", check_connection=False)
    return APIHandler(root_url=c.url + "/", api_key=c.key).get_users()[0]["email"]  # `//users` on the wire


def scenario_life_of_a_project(c: Any) -> Any:
    from datamint.apihandler.base_api_handler import ResourceNotFoundError
    from requests import HTTPError

    api = handler(c)
    eye, ct = api.upload_resources([demo(c, "fundus.jpg"), demo(c, "ct_small.dcm")], channel=c.tag)
    project = api.create_project(c.tag, "a description", [eye], is_active_learning=True)
    found = api.get_project_by_name(c.tag)
    assert (found["id"], found["description"]) == (project["id"], "a description")
    assert api.get_project_by_id(project["id"])["name"] == c.tag
    assert [r["id"] for r in api.get_project_resources(project["id"])] == [eye]
    assert {r["id"] for r in api.get_resources(project_name=c.tag)} == {eye}
    error = raises(HTTPError, api.create_project, c.tag, "again", [])
    assert error.response.status_code == 409  # type: ignore[attr-defined]
    assert "error" in api.get_project_by_name("no such project " + c.tag)
    raises(ResourceNotFoundError, api.get_project_by_id, str(uuid.uuid4()))
    raises(ResourceNotFoundError, api.delete_project, str(uuid.uuid4()))
    api.add_to_project([ct], c.tag)
    api.set_annotation_status(project["id"], ct, "annotated")
    gone = api.create_project(c.tag + " gone", "", [])
    api.delete_project(gone["id"])
    assert gone["id"] not in {p["id"] for p in api.get_projects()}
    return {"project": project["id"], "resources": [eye, ct], "annotated": ct, "deleted": gone["id"]}


def scenario_upload_list_tags_publish_delete(c: Any) -> Any:
    from datamint.apihandler.base_api_handler import ResourceNotFoundError

    api = handler(c)
    eye = api.upload_resource(
        demo(c, "fundus.jpg"), tags=["eye"], channel=c.tag, modality="OP", metadata=[{"site": "A"}]
    )
    ct, mr = api.upload_resources([demo(c, "ct_small.dcm"), demo(c, "mr_small.dcm")], channel=c.tag, publish=True)
    assert {r["id"] for r in api.get_resources(channel=c.tag)} == {eye, ct, mr}
    assert {r["id"] for r in api.get_resources(status="inbox", channel=c.tag)} == {eye}
    assert {r["id"] for r in api.get_resources(status="published", channel=c.tag, modality="CT")} == {ct}
    assert {r["id"] for r in api.get_resources(channel=c.tag, tags=["eye"], mimetype="image/jpeg")} == {eye}
    assert {r["id"] for r in api.get_resources(channel=c.tag, filename="mr_small.dcm")} == {mr}
    assert {r["id"] for r in api.get_resources(channel=c.tag, from_date="2000-01-01", to_date="2000-01-02")} == set()
    names = [r["filename"] for r in api.get_resources(channel=c.tag, order_field="filename", order_ascending=False)]
    assert names == sorted(names, reverse=True)
    assert api.get_resources_by_ids(eye)["metadata"]["site"] == "A"
    assert [r["id"] for r in api.get_resources_by_ids([ct, mr])] == [ct, mr]
    api.set_resource_tags(eye, ["only", "these"])
    api.create_project(c.tag, "", [])
    api.publish_resources(eye)
    api.publish_resources([eye, ct], c.tag)  # published ones again: harmless; and into the project
    assert {r["id"] for r in api.get_resources(project_name=c.tag)} == {eye, ct}
    api.delete_resources([mr])
    assert mr not in {r["id"] for r in api.get_resources(channel=c.tag)}
    unknown = str(uuid.uuid4())
    error = raises(ResourceNotFoundError, api.get_resources_by_ids, unknown)
    assert unknown in str(error)
    return {"eye": eye, "deleted": mr, "channel": c.tag}


def scenario_upload_mung_anonymise_skip_and_publish_to(c: Any) -> Any:
    import pydicom

    api = handler(c)
    project = api.create_project(c.tag, "", [])
    folder = Path(c.tmp) / "site" / "patient7"
    folder.mkdir(parents=True)
    (folder / "mr.dcm").write_bytes(Path(demo(c, "mr_small.dcm")).read_bytes())
    mr = api.upload_resource(str(folder / "mr.dcm"), anonymize=True, mung_filename="all", publish_to=c.tag)
    row = api.get_resources_by_ids(mr)
    assert row["filename"].endswith("site_patient7_mr.dcm")
    kept = pydicom.dcmread(io.BytesIO(api.download_resource_file(mr, auto_convert=False)))
    assert str(kept.PatientName) != str(pydicom.dcmread(folder / "mr.dcm").PatientName)
    bad = Path(c.tmp) / "bad.png"
    bad.write_bytes(b"this is text" * 50)
    outcome = api.upload_resources([str(bad), demo(c, "fundus.jpg")], on_error="skip", publish_to=c.tag)
    assert isinstance(outcome[0], Exception), outcome
    series = api.upload_resources([demo(c, "mr_series/0.dcm"), demo(c, "mr_series/1.dcm")], channel=c.tag)
    assert len(set(series)) == 1, "the client sends one assembled file for both"
    return {"project": project["id"], "resources": [mr, outcome[1]], "series": series[0]}


def scenario_files_and_frames(c: Any) -> Any:
    import numpy as np
    import pydicom
    from datamint.apihandler.base_api_handler import ResourceNotFoundError

    api = handler(c)
    cine = api.upload_resource(demo(c, "echo_cine.dcm"))
    head = api.upload_resource(demo(c, "mni152_t1.nii.gz"))
    eye = api.upload_resource(demo(c, "fundus.jpg"))
    assert isinstance(api.download_resource_file(cine), pydicom.Dataset)
    assert api.download_resource_file(eye).size == (1411, 1411)
    assert api.download_resource_file(head).shape == (157, 189, 156) or api.download_resource_file(head).ndim == 3
    for name, resource_id in (("mni152_t1.nii.gz", head), ("fundus.jpg", eye)):
        assert sha256(api.download_resource_file(resource_id, auto_convert=False)) == file_sha256(demo(c, name))
    _, path = api.download_resource_file(eye, save_path=str(Path(c.tmp) / "eye"), add_extension=True)
    assert path.endswith(("eye.jpg", "eye.jpeg"))
    assert file_sha256(path) == file_sha256(demo(c, "fundus.jpg"))
    paths = api.download_multiple_resources([head, eye], c.tmp)
    assert file_sha256(paths[1]) == file_sha256(path)
    frame = np.asarray(api.download_resource_frame(cine, 4))
    assert frame.shape[:2] == (240, 320)
    raises(ResourceNotFoundError, api.download_resource_file, str(uuid.uuid4()))
    return {"cine": cine, "frame": sha256(frame.tobytes()), "shape": list(frame.shape)}


def scenario_channels_datasets_users(c: Any) -> Any:
    api = handler(c)
    eye = api.upload_resource(demo(c, "fundus.jpg"), channel=c.tag)
    channel = next(one for one in api.get_channels() if one["channel_name"] == c.tag)
    assert [one["resource_id"] for one in channel["resource_data"]] == [eye]
    project = api.create_project(c.tag, "", [eye])
    dataset_id = api.get_project_by_id(project["id"])["dataset_id"]
    dataset = next(one for one in api.get_datasets() if one["id"] == dataset_id)
    assert api.get_dataset_by_id(dataset_id)["name"] == dataset["name"]
    assert {"id", "name", "updated_at"} <= dataset.keys()
    email = f"{c.tag.lower()}@example.org"
    api.create_user(email, password="correct horse battery", firstname="Anna", lastname="Ng")
    assert email in {user["email"] for user in api.get_users()}
    return {"email": email, "resource": eye, "channel": c.tag}
