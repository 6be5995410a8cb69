"""Every documented field: what the server sends (or a script gives) is what is read, written and sent through pickle."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from fiducial.entities import (
    Annotation,
    AnnotationSpec,
    BaseEntity,
    CacheManager,
    Channel,
    ChannelResourceData,
    DatasetInfo,
    DICOMResource,
    ImageResource,
    InferenceJob,
    LocalResource,
    NiftiResource,
    Project,
    Resource,
    User,
    VideoResource,
    VolumeResource,
)

AT, WHO = "2026-01-02T03:04:05.000006Z", "ann@example.org"

RESOURCE: dict[str, Any] = {
    "id": "01a1f961-9125-71ad-80bc-a12e00000000",
    "resource_uri": "/resources/x/file",
    "storage": "",
    "location": "items/x",
    "upload_channel": "clinic",
    "filename": "scan",
    "mimetype": "application/octet-stream",
    "size": 3_000_000,
    "customer_id": "01a1f961-9125-71ad-80bc-a12e00000001",
    "status": "published",
    "created_at": AT,
    "created_by": WHO,
    "published": True,
    "deleted": True,
    "upload_mechanism": "api",
    "metadata": {"frame_count": 4, "site": "A"},
    "modality": "CT",
    "source_filepath": "/data/scan",
    "published_on": AT,
    "published_by": WHO,
    "tags": ["left", "new"],
    "deleted_at": AT,
    "deleted_by": WHO,
    "instance_uid": "1.2.3",
    "series_uid": "1.2.4",
    "study_uid": "1.2.5",
    "patient_id": "P7",
    "user_info": {"firstname": "Ann", "lastname": None},
}
RESOURCE_FURTHER: dict[str, Any] = {
    "publish_transforms": {"flip": True},
    "segmentations": [{"id": "s"}],
    "measurements": [1.5],
    "categories": ["quality"],
    "labels": ["left"],
    "projects": [{"name": "P"}],
}
"""Documented as fields of a resource, but not among its constructor's: kept when the server sends them."""

PROJECT: dict[str, Any] = {
    "id": "01a1f961-9125-71ad-80bc-a12e00000002",
    "name": "Liver",
    "created_at": AT,
    "created_by": WHO,
    "dataset_id": "01a1f961-9125-71ad-80bc-a12e00000003",
    "worklist_id": "01a1f961-9125-71ad-80bc-a12e00000004",
    "archived": True,
    "resource_count": 9,
    "annotated_resource_count": 4,
    "description": "of the clinic",
    "viewable_ai_segs": ["liver"],
    "editable_ai_segs": ["spleen"],
    "registered_model": {"name": "m"},
    "ai_model_id": "m1",
    "closed_resources_count": 2,
    "resources_to_annotate_count": 5,
    "most_recent_experiment": "e1",
    "annotators": [{"email": WHO, "worklist_ids": []}],
    "archived_on": AT,
    "archived_by": WHO,
    "is_active_learning": True,
    "two_up_display": True,
    "require_review": True,
}
ANNOTATION: dict[str, Any] = {
    "id": "01a1f961-9125-71ad-80bc-a12e00000005",
    "scope": "frame",
    "annotation_type": "float",
    "confiability": 0.5,
    "frame_index": 3,
    "text_value": "words",
    "numeric_value": 2.5,
    "units": "mm",
    "geometry": [[1.0, 2.0, 3.0]],
    "created_at": AT,
    "created_by": WHO,
    "annotation_worklist_id": "w",
    "imported_from": "a table",
    "import_author": WHO,
    "status": "new",
    "approved_at": AT,
    "approved_by": WHO,
    "resource_id": "r",
    "associated_file": "f",
    "deleted": True,
    "deleted_at": AT,
    "deleted_by": WHO,
    "created_by_model": "m",
    "is_model": True,
    "model_id": "m1",
    "set_name": "first",
    "resource_filename": "scan.dcm",
    "resource_modality": "CT",
    "annotation_worklist_name": "all",
    "user_info": {"firstname": "Ann"},
    "values": ["a", 1],
    "file": "masks/f.png",
    "old_geometry": [[0.0, 0.0, 0.0]],
}
CHANNEL_RESOURCE: dict[str, Any] = {
    "created_by": WHO,
    "customer_id": "c",
    "resource_id": "r",
    "resource_file_name": "a.png",
    "resource_mimetype": "image/png",
}
JOB: dict[str, Any] = {
    "id": "j",
    "status": "running",
    "model_name": "liver",
    "resource_id": "r",
    "frame_idx": 2,
    "created_at": AT,
    "started_at": AT,
    "completed_at": AT,
    "progress_percentage": 40,
    "current_step": "loading",
    "error_message": "none",
    "save_results": False,
    "result_data": {"predictions": []},
    "annotation_ids": ["a"],
    "recent_logs": ["started"],
}
DATASET: dict[str, Any] = {
    "id": "01a1f961-9125-71ad-80bc-a12e00000006",
    "name": "Liver",
    "created_at": AT,
    "created_by": WHO,
    "description": "all of it",
    "customer_id": "c",
    "updated_at": AT,
    "total_resource": 1,
    "resource_ids": ["r"],
}
USER: dict[str, Any] = {
    "email": WHO,
    "firstname": "Ann",
    "lastname": "Ng",
    "roles": ["admin"],
    "customer_id": "c",
    "created_at": AT,
}
CHANNEL: dict[str, Any] = {
    "channel_name": "clinic",
    "resource_data": [CHANNEL_RESOURCE],
    "deleted": True,
    "created_at": AT,
    "updated_at": AT,
}
SPEC: dict[str, Any] = {"type": "line", "scope": "image", "required": True, "identifier": "diameter"}

OF_A_KIND: dict[type[Resource], dict[str, Any]] = {
    Resource: {},
    DICOMResource: {"storage": "DicomResource", "filename": "a.dcm", "mimetype": "application/dicom"},
    NiftiResource: {"storage": "NiftiResource", "filename": "a.nii.gz", "mimetype": "application/nifti"},
    VolumeResource: {"storage": "VolumeResource"},
    VideoResource: {"storage": "VideoResource", "filename": "a.mp4", "mimetype": "video/mp4"},
    ImageResource: {"storage": "ImageResource", "filename": "a.png", "mimetype": "image/png"},
}
ENTITIES: list[tuple[type[BaseModel], dict[str, Any]]] = [
    *((kind, {**RESOURCE, **words, **RESOURCE_FURTHER}) for kind, words in OF_A_KIND.items()),
    (Project, PROJECT),
    (Annotation, {"identifier": "diameter", **ANNOTATION}),
    (InferenceJob, JOB),
    (DatasetInfo, DATASET),
    (User, USER),
    (Channel, CHANNEL),
    (ChannelResourceData, CHANNEL_RESOURCE),
    (AnnotationSpec, SPEC),
]
NAMES = [kind.__name__ for kind, _ in ENTITIES]
of_every_kind = pytest.mark.parametrize(("kind", "payload"), ENTITIES, ids=NAMES)


def _plain(value: Any) -> Any:
    return (
        [one.model_dump() for one in value]
        if value and isinstance(value, list) and isinstance(value[0], BaseModel)
        else value
    )


@of_every_kind
def test_every_field_is_read_as_it_was_sent(kind: type[BaseModel], payload: dict[str, Any]) -> None:
    entity = kind.model_validate_json(json.dumps(payload))
    assert type(entity) is kind
    for name, value in payload.items():
        assert _plain(getattr(entity, name)) == value, name
    if isinstance(entity, BaseEntity):
        assert not entity.has_missing_attrs() or isinstance(entity, Project)


@of_every_kind
def test_every_field_is_written_as_it_was_given(kind: type[BaseModel], payload: dict[str, Any]) -> None:
    entity: Any = kind(**payload, shoe_size=42)
    assert entity.shoe_size == 42
    assert pickle.loads(pickle.dumps(entity)) == entity
    if hasattr(entity, "asdict"):
        written = entity.asdict()
        assert {name: written[name] for name in payload} == payload
        assert written["shoe_size"] == 42
        read = json.loads(entity.asjson())
        assert {name: read[name] for name in payload} == payload


@of_every_kind
def test_a_required_field_that_is_not_there_is_named(kind: type[BaseModel], payload: dict[str, Any]) -> None:
    required = {name: field for name, field in kind.model_fields.items() if field.is_required()}
    for name, field in required.items():
        if (kind, name) == (Annotation, "scope"):
            continue  # it follows from the frame
        with pytest.raises(ValidationError, match=field.alias or name):
            kind(**{other: value for other, value in payload.items() if other != name})


@of_every_kind
def test_configuration(kind: type[BaseModel], payload: dict[str, Any]) -> None:
    config: Any = kind(**payload).model_config
    assert config["extra"] == "allow"
    if kind is not ChannelResourceData:
        assert (config["ser_json_bytes"], config["val_json_bytes"]) == ("base64", "base64")


def test_an_annotation_by_the_name_of_its_constructor() -> None:
    annotation = Annotation(name="diameter", **ANNOTATION)
    assert (annotation.name, annotation.identifier) == ("diameter", "diameter")
    config = annotation.model_config
    assert (config["populate_by_name"], config["validate_by_alias"], config["validate_by_name"]) == (True, True, True)


def test_an_entity_of_no_kind() -> None:
    entity = BaseEntity(anything=1)  # type: ignore[call-arg]
    assert entity.asdict() == {"anything": 1}
    assert entity.model_config["arbitrary_types_allowed"]


CLASS_VARIABLES: dict[type[Resource], tuple[str, int, str, str | None, str | None, str | None]] = {
    Resource: ("resource", 0, "", None, None, None),
    DICOMResource: ("dicom", 50, "DicomResourceHandler", "application/dicom", None, ".dcm"),
    NiftiResource: ("nifti", 50, "NiftiResourceHandler", "application/nifti", None, ".nii.gz"),
    VolumeResource: ("volume", 30, "VolumeResourceHandler", None, None, None),
    VideoResource: ("video", 20, "VideoResourceHandler", None, "video/", None),
    ImageResource: ("image", 10, "ImageResourceHandler", None, "image/", None),
}


@pytest.mark.parametrize("kind", OF_A_KIND, ids=lambda kind: kind.__name__)
def test_what_a_kind_says_of_itself_decides_what_it_matches(kind: type[Resource]) -> None:
    """Each word that a class names makes a payload match it; a payload without any of them does not."""
    resource = kind(**RESOURCE | OF_A_KIND[kind])
    name, priority, alias, mimetype, prefix, suffix = CLASS_VARIABLES[kind]
    assert (resource.resource_kind, resource.kind, resource.resource_priority) == (name, name, priority)
    for value in resource.storage_aliases:
        assert kind.matches_payload(storage=value.upper())
    for value in resource.mimetypes:
        assert kind.matches_payload(mimetype=value)
    for value in resource.mimetype_prefixes:
        assert kind.matches_payload(mimetype=value + "x")
    for value in resource.filename_suffixes:
        assert kind.matches_payload(filename="A" + value.upper())
    assert not kind.matches_payload(storage="Other", mimetype="text/plain", filename="notes.txt")
    assert not alias or alias in resource.storage_aliases
    assert mimetype is None or mimetype in resource.mimetypes
    assert prefix is None or prefix in resource.mimetype_prefixes
    assert suffix is None or suffix in resource.filename_suffixes


def test_kinds_exclude_each_other() -> None:
    tests = ("is_image", "is_video", "is_nifti", "is_dicom", "is_volume")
    told = {
        kind.__name__: {name for name in tests if getattr(kind(**RESOURCE | words), name)()}
        for kind, words in OF_A_KIND.items()
    }
    assert told == {
        "Resource": set(),
        "DICOMResource": {"is_dicom", "is_volume"},
        "NiftiResource": {"is_nifti", "is_volume"},
        "VolumeResource": {"is_volume"},
        "VideoResource": {"is_video"},
        "ImageResource": {"is_image"},
    }


def test_dicom_uids_are_those_that_are_known() -> None:
    assert DICOMResource(**RESOURCE).uids == {"instance_uid": "1.2.3", "series_uid": "1.2.4", "study_uid": "1.2.5"}
    assert DICOMResource(**RESOURCE | {"instance_uid": None, "study_uid": None}).uids == {"series_uid": "1.2.4"}


def test_nifti_is_compressed_by_its_name() -> None:
    assert NiftiResource(**RESOURCE | {"filename": "a.NII.GZ"}).is_compressed
    assert not NiftiResource(**RESOURCE | {"filename": "a.nii"}).is_compressed


def test_sizes_of_pictures_and_videos() -> None:
    picture = ImageResource(**RESOURCE | {"metadata": {"width": 6, "height": 4, "frame_count": 1}})
    assert (picture.width, picture.height, picture.get_dimensions(), picture.get_depth()) == (6, 4, (6, 4), 1)
    assert ImageResource(**RESOURCE | {"metadata": {}}).get_dimensions() == (None, None)
    streams = [{"codec_type": "audio"}, {"codec_type": "video", "nb_frames": "12", "width": 96, "height": 64}]
    video = VideoResource(**RESOURCE | {"metadata": {"streams": streams}})
    assert (video.width, video.height, video.get_dimensions()) == (96, 64, (96, 64))
    assert (video.frame_count, video.get_depth()) == (12, 12)
    frames = video.iter_frames()
    assert [frame.frame_index for frame in frames] == list(range(12))
    assert all(frame.parent_resource is video for frame in frames)
    with pytest.raises(ValueError, match="how many frames"):
        VideoResource(**RESOURCE | {"metadata": {}}).get_depth()


def test_a_volume_counts_its_slices() -> None:
    volume = VolumeResource(**RESOURCE)
    assert (volume.frame_count, volume.get_depth()) == (4, 4)
    plane = volume.get_slice_resource("axial", index=2)
    assert (plane.slice_axis, plane.slice_index, plane.parent_resource) == ("axial", 2, volume)


def test_what_is_known_of_a_cached_value() -> None:
    words = {
        "cached_at": AT,
        "data_path": "x.pkl",
        "data_type": "bytes",
        "entity_id": "e",
        "extra_info": {"tags": ["a"]},
        "mimetype": "image/png",
        "version_hash": "h",
        "version_info": {"size": 1},
    }
    item = CacheManager.ItemMetadata(**words)
    assert item.cached_at.isoformat() == "2026-01-02T03:04:05.000006+00:00"
    for name in words.keys() - {"cached_at"}:
        assert getattr(item, name) == words[name], name
    assert item.model_config.get("extra") != "allow"
    with pytest.raises(ValidationError, match="mimetype"):
        CacheManager.ItemMetadata(**{name: value for name, value in words.items() if name != "mimetype"})


def test_a_local_resource_takes_further_facts_and_ignores_what_only_servers_have(tmp_path: Any) -> None:
    local = LocalResource(raw_data=b"just words", filename="notes.txt", tags=["draft"])
    assert (local.filename, local.tags, local.raw_data, local.local_filepath) == (
        "notes.txt",
        ["draft"],
        b"just words",
        None,
    )
    assert local.fetch_file_data("ignored", auto_convert=False, use_cache=True, of_other_kinds=1) == b"just words"
    assert local.model_config["extra"] == "allow"
