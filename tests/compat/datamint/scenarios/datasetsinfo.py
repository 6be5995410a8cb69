"""The group of files behind a project, which the client calls a dataset."""

from __future__ import annotations

from typing import Any

from scenarios.support import api, asked, demo, raises


def scenario_files_in_and_out_of_a_dataset(c: Any) -> None:
    from datamint.exceptions import ItemNotFoundError

    client = api(c)
    eye, ct = (client.resources.upload_resource(demo(c, name)) for name in ("fundus.jpg", "ct_small.dcm"))
    project = client.projects.create(c.tag, "", resource_ids=[eye])
    datasets = client._datasetsinfo
    (info,) = [one for one in datasets.get_list() if one.id == project.dataset_id]
    assert (info.total_resource, info.resource_ids) == (1, [eye])
    datasets.update_resources(info, resource_ids_to_add=[ct], project=project)
    assert {row["id"] for row in asked(c, f"/projects/{project.id}/resources")} == {eye, ct}
    assert {row["id"] for row in datasets.get_resources(info)} == {eye, ct}
    datasets.update_resources(info.id, resource_ids_to_delete=[eye])
    assert [row["id"] for row in asked(c, f"/projects/{project.id}/resources")] == [ct]
    assert datasets.get_by_id(info.id).resource_ids == [ct]
    unknown = "00000000-0000-7000-8000-000000000000"
    raises(ItemNotFoundError, datasets.update_resources, info, resource_ids_to_add=[unknown])
    raises(ItemNotFoundError, datasets.get_resources, unknown)
    assert [row["id"] for row in datasets.get_resources(info)] == [ct]
