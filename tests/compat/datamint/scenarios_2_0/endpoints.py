"""``Api`` of 2.0.0: the base classes of the documentation, over its first endpoints."""

from __future__ import annotations

import uuid
from typing import Any

from scenarios.support import demo, raises


def api(c: Any) -> Any:
    from datamint import Api

    return Api(server_url=c.url, api_key=c.key)


def scenario_api_projects(c: Any) -> Any:
    from datamint.exceptions import DatamintException, ResourceNotFoundError

    client = api(c)
    eye = client.resources.upload_resource(demo(c, "fundus.jpg"), modality="OP")
    ct = client.resources.upload_resource(demo(c, "ct_small.dcm"))
    project_id = client.projects.create(c.tag, "a description", [eye])
    assert client.projects.get_by_id(project_id).name == c.tag
    assert client.projects.get_by_name(c.tag).id == project_id
    assert project_id in {p.id for p in client.projects.get_all()}
    assert len(client.projects.get_list(limit=1)) == 1
    client.projects.add_resources([ct], project_id)
    assert {r.id for r in client.projects.get_project_resources(project_id)} == {eye, ct}
    client.projects.set_work_status(eye, project_id, "closed")
    client.projects.patch(project_id, {"description": "patched"})
    client.projects.partial_update(project_id, {"name": c.tag + " b"})
    gone, too = client.projects.create(c.tag + " 1", ""), client.projects.create(c.tag + " 2", "")
    client.projects.delete(gone)
    client.projects.bulk_delete([too])
    raises((ResourceNotFoundError, DatamintException), client.projects.get_by_id, str(uuid.uuid4()))  # type: ignore[arg-type]
    return {"project": project_id, "closed": eye, "resources": [eye, ct], "deleted": [gone, too], "name": c.tag + " b"}


def scenario_api_resources(c: Any) -> Any:
    import pydicom

    client = api(c)
    eye = client.resources.upload_resource(demo(c, "fundus.jpg"), channel=c.tag, tags=["a"], modality="OP")
    ids = [eye, client.resources.upload_resource(demo(c, "echo_cine.dcm"), channel=c.tag)]
    found = {r.id: r for r in client.resources.get_list(channel=c.tag)}
    assert set(found) == set(ids)
    assert found[ids[1]].modality == "US"
    assert client.resources.get_by_id(ids[0]).filename == "fundus.jpg"
    assert isinstance(client.resources.download_resource_file(ids[1]), pydicom.Dataset)
    client.resources.set_tags(ids[0], ["b"])
    client.resources.publish_resources(ids[0])
    client.resources.delete(ids[1])
    channel = next(one for one in client.channels.get_all() if one.channel_name == c.tag)
    assert channel.get_resource_ids() == [ids[0]]
    return {"published": ids[0], "deleted": ids[1]}


def scenario_api_picture_without_a_modality(c: Any) -> Any:
    """Here a resource's modality may not be null, and one row refused is the whole list lost."""
    client = api(c)
    eye = client.resources.upload_resource(demo(c, "fundus.jpg"), channel=c.tag)
    assert [r.id for r in client.resources.get_list(channel=c.tag)] == [eye]
    return eye


def scenario_api_annotations(c: Any) -> Any:
    import numpy as np

    client = api(c)
    cine = client.resources.upload_resource(demo(c, "echo_cine.dcm"))
    masks = np.zeros((240, 320, 30), np.uint8)
    masks[50:100, 60:120, 3] = 1
    segmentations = client.annotations.upload_segmentations(cine, masks, name="ventricle")
    line = client.annotations.add_line_annotation((1, 2), (30, 40), cine, "wall", frame_index=3)
    found = {a.id: a for a in client.annotations.get_list(resource=cine)}
    assert {*segmentations, line} == set(found)
    assert client.annotations.get_by_id(line).identifier == "wall"
    client.annotations.delete(line)
    return {"resource": cine, "segmentations": segmentations, "deleted": line}


def scenario_api_users_and_datasets(c: Any) -> Any:
    client = api(c)
    email = f"{c.tag.lower()}@example.org"
    client.users.create(email, password="correct horse battery", firstname="Anna")
    assert email in {user.email for user in client.users.get_all()}
    project = client.projects.get_by_id(client.projects.create(c.tag, ""))
    assert project.dataset_id in {one.id for one in client._datasetsinfo.get_all()}
    assert client._datasetsinfo.get_by_id(project.dataset_id).id == project.dataset_id
    return {"email": email}
