"""The rows of the wire's tables, in their order, and which scenario makes each call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

P, R, A, W = "scenarios.projects", "scenarios.resources", "scenarios.annotations", "scenarios.worklists"
V, U, X, D = "scenarios.reviews", "scenarios.people", "scenarios.exports", "scenarios.datasetsinfo"
T, M = "scenarios_models.tracking", "scenarios_models.models"
H, L = "scenarios_2_0.handler", "scenarios_2_0.labels"


@dataclass(frozen=True)
class Row:
    """``title`` is the row's first column; ``calls`` has ``owner.method`` of the client and the scenarios that call it."""

    section: str
    title: str
    calls: Mapping[str, Sequence[str]]
    instead: Mapping[str, str] = field(default_factory=dict)
    """Names in the title that a scenario cannot call: what does it for them, or why nothing can."""

    def __str__(self) -> str:
        return f"{self.section} {self.title[:40]}"

    def methods(self) -> list[str]:
        """The methods that the title names."""
        parts = re.split(r",|/| and all ", re.sub(r"\(.*?\)", "", self.title))
        names = [part.strip().rpartition(".")[2].removesuffix("*") for part in parts]
        return [name for name in names if re.fullmatch(r"\w+", name)]


def _row(section: str, title: str, *calls: str, **instead: str) -> Row:
    """Each call as ``owner.method module.scenario ...``; the scenario without its prefix."""
    split = [call.split() for call in calls]
    named = {call: [_scenario(one) for one in scenarios] for call, *scenarios in split}
    return Row(section, title, named, instead)


def _scenario(text: str) -> str:
    module, _, name = text.rpartition(".")
    return f"{module}.scenario_{name}"


_READ_BY_DATASETS = {
    "datasets": "the client's dataset classes: scenarios.reviews split_of_a_dataset, scenarios.datasets, test_datasets_agree"
}
_LISTS, _ONE = f"{P}.lists_of_projects", f"{P}.one_project_by_id_by_name_and_its_missing_fields"
_LIFE, _FILES = f"{P}.life_of_a_project", f"{A}.mask_files_one_and_several"
_GROUP = f"{W}.segmentation_group_replaced_renamed_and_deleted"
_EVERYBODY = f"{R}.deleted_restored_and_published_for_everybody"

ROWS = [
    # 2.1
    _row("2.1", "start-up, get_list", f"projects.get_list {_LISTS}"),  # every scenario starts up
    _row(
        "2.1", "get_all, get_by_name, get_deleted, _get_by_name_or_id",
        f"projects.get_all {_LISTS}", f"projects.get_by_name {_ONE}", f"projects.get_deleted {_LISTS}",
        f"projects.add_resources {_ONE}", _get_by_name_or_id="add_resources with a name",
    ),
    _row("2.1", "get_by_id, missing-field refresh", f"projects.get_by_id {_ONE}"),
    _row("2.1", "create", f"projects.create {_LIFE}"),
    _row(
        "2.1", "patch/partial_update, set_pinned_metrics",
        f"projects.patch {_LIFE}", f"projects.partial_update {_ONE}",
        f"projects.set_pinned_metrics {_LIFE}", f"projects.get_pinned_metrics {_LIFE}",
    ),
    _row("2.1", "delete / bulk_delete", f"projects.delete {_LIFE}", f"projects.bulk_delete {_LISTS}"),
    _row("2.1", "restore", f"projects.restore {_LIFE}"),
    _row(
        "2.1", "get_project_resources, project.fetch_resources, datasets",
        f"projects.get_project_resources {_LIFE}", f"*.fetch_resources {_LIFE}", **_READ_BY_DATASETS,
    ),
    _row(
        "2.1", "add_resources, upload_resources(publish_to)",
        f"projects.add_resources {_LIFE} {_ONE}", f"resources.upload_resources {P}.uploaded_into_a_project",
    ),
    _row("2.1", "set_work_status", f"projects.set_work_status {P}.work_status_for_everybody"),
    _row("2.1", "get_members", f"projects.get_members {V}.members_by_their_ids"),
    _row("2.1", "set_member", f"projects.set_member {V}.members_by_their_ids"),
    _row("2.1", "remove_member", f"projects.remove_member {V}.members_by_their_ids"),
    _row("2.1", "get_annotation_statuses", f"projects.get_annotation_statuses {V}.a_review"),
    _row("2.1", "get_splits", f"projects.get_splits {V}.splits_with_history"),
    _row("2.1", "assign_splits", f"projects.assign_splits {V}.splits_with_history"),
    _row("2.1", "get_resource_split", f"projects.get_resource_split {V}.splits_with_history"),
    _row("2.1", "reset_annotator_status", f"projects.reset_annotator_status {V}.an_annotator_begins_anew"),
    _row("2.1", "download_annotations", f"projects.download_annotations {X}.annotations_as_tables"),
    _row("2.1", "get_annotators_stats", f"projects.get_annotators_stats {V}.statistics"),
    _row("2.1", "get_annotations_stats", f"projects.get_annotations_stats {V}.statistics"),
    _row("2.1", "get_files_matrix_stats", f"projects.get_files_matrix_stats {V}.statistics"),
    _row("2.1", "get_annotator_status", f"projects.get_annotator_status {V}.statistics"),
    _row("2.1", "get_review_messages", f"projects.get_review_messages {V}.a_review"),
    _row(
        "2.1", "get_worklists, annotationsets.get_by_project, datasets",
        f"projects.get_worklists {A}.patched_and_approved_for_everybody",
        f"annotationsets.get_by_project {W}.worklist_s_schema_in_and_out", **_READ_BY_DATASETS,
    ),
    _row("2.1", "get_models", f"projects.get_models {T}.models_of_the_client_s_own_kind"),
    # 2.2
    _row(
        "2.2", "upload_resource(s)",
        f"resources.upload_resource {R}.every_demo_file_comes_back_equal {R}.tags_channel_metadata_publish",
        f"resources.upload_resources {R}.shared_files_come_back_equal {R}.upload_from_memory_and_bad_files",
    ),
    _row(
        "2.2", "get_list, get_deleted", f"resources.get_list {R}.search_with_every_filter",
        f"resources.get_deleted {_EVERYBODY}",
    ),
    _row("2.2", "get_by_id", f"resources.get_by_id {R}.dicom_facts"),
    _row("2.2", "delete", f"resources.delete {R}.delete_and_restore"),
    _row("2.2", "bulk_delete", f"resources.bulk_delete {_EVERYBODY}"),
    _row("2.2", "restore", f"resources.restore {R}.delete_and_restore"),
    _row("2.2", "bulk_restore", f"resources.bulk_restore {_EVERYBODY}"),
    _row("2.2", "publish_resources", f"resources.publish_resources {R}.tags_channel_metadata_publish"),
    _row("2.2", "bulk_publish", f"resources.bulk_publish {_EVERYBODY}"),
    _row("2.2", "set_tags (one)", f"resources.set_tags {R}.tags_channel_metadata_publish"),
    _row(
        "2.2", "set_tags (many), add_tags", f"resources.set_tags {R}.tags_of_many_and_a_channel_of_a_project",
        f"resources.add_tags {R}.tags_of_many_and_a_channel_of_a_project",
    ),
    _row(
        "2.2", "download_resource_file, fetch_file_data",
        f"resources.download_resource_file {R}.every_demo_file_comes_back_equal",
        f"*.fetch_file_data {R}.cache_hit_and_invalidation",
    ),
    _row("2.2", "download_multiple_resources", f"resources.download_multiple_resources {R}.several_files_at_once"),
    _row("2.2", "download_resource_frame", f"resources.download_resource_frame {R}.a_frame_as_everybody_sees_it"),
    _row("2.2", "get_not_annotated", f"resources.get_not_annotated {R}.what_is_not_annotated_yet"),
    _row("2.2", "list_channels", f"resources.list_channels {R}.tags_of_many_and_a_channel_of_a_project"),
    # 2.3
    _row(
        "2.3", "get_list, resource.fetch_annotations, datasets", f"annotations.get_list {A}.search_filters",
        f"annotations.get_deleted {A}.created_from_every_form", f"*.fetch_annotations {A}.search_filters",
        **_READ_BY_DATASETS,
    ),
    _row("2.3", "get_by_id", f"annotations.get_by_id {A}.values_in_and_out"),
    _row(
        "2.3", "create and all add_*, create_*", f"annotations.create {A}.created_from_every_form",
        f"annotations.create_image_classification {A}.values_in_and_out",
        f"annotations.create_numeric_annotation {A}.values_in_and_out",
        f"annotations.add_text_annotation {A}.values_in_and_out",
        f"annotations.add_label_annotation {A}.values_in_and_out",
        f"annotations.add_category_annotation {A}.frame_range_is_one_label_per_frame",
        f"annotations.add_line_annotation {A}.geometry_in_pixels {A}.geometry_in_patient_space",
        f"annotations.add_box_annotation {A}.geometry_in_pixels {A}.geometry_in_patient_space",
        f"annotations.add_point_annotation {A}.geometry_in_pixels {A}.geometry_on_nifti",
        f"annotations.add_polyline_annotation {A}.geometry_in_pixels",
        f"annotations.upload_predictions {A}.predictions_of_a_pipeline",
    ),
    _row(
        "2.3", "segmentation create (async)",
        f"annotations.upload_segmentations {A}.masks_per_frame {A}.mask_file_of_a_picture",
    ),
    _row(
        "2.3", "upload_annotation_file(_async)", f"annotations.upload_annotation_file {A}.mask_file_of_a_picture",
        f"annotations.upload_annotation_file_async {_FILES}",
    ),
    _row("2.3", "upload_volume_segmentation", f"annotations.upload_volume_segmentation {A}.volume_masks"),
    _row(
        "2.3", "download_file, annotation.fetch_file_data, download_multiple_files",
        f"annotations.download_file {_FILES}", f"*.fetch_file_data {A}.masks_per_frame",
        f"annotations.download_multiple_files {_FILES}",
    ),
    _row("2.3", "set_frame_ranges", f"annotations.set_frame_ranges {A}.frame_ranges_for_everybody"),
    _row("2.3", "get_frame_ranges", f"annotations.get_frame_ranges {A}.frame_ranges_for_everybody"),
    _row("2.3", "patch", f"annotations.patch {A}.patched_and_approved_for_everybody"),
    _row("2.3", "approve", f"annotations.approve {A}.patched_and_approved_for_everybody"),
    _row(
        "2.3", "delete / bulk_delete", f"annotations.delete {A}.created_from_every_form",
        f"annotations.bulk_delete {A}.patched_and_approved_for_everybody",
    ),
    _row("2.3", "delete_batch", f"annotations.delete_batch {A}.patched_and_approved_for_everybody"),
    # 2.4
    _row("2.4", "create", f"annotationsets.create {W}.worklist_s_schema_in_and_out"),
    _row("2.4", "get_by_id", f"annotationsets.get_by_id {W}.worklist_s_schema_in_and_out"),
    _row(
        "2.4", "get_list", f"annotationsets.get_by_project {W}.worklist_s_schema_in_and_out",
        get_list="the client refuses it itself and names get_by_project",
    ),
    _row(
        "2.4", "patch, add_segments, add_ai_segmentations",
        *(f"annotationsets.{m} {W}.worklist_changed_piece_by_piece" for m in ("patch", "add_segments", "add_ai_segmentations")),
    ),
    _row(
        "2.4", "get_segmentation_group, datasets",
        f"annotationsets.get_segmentation_group {W}.worklist_s_schema_in_and_out",
        f"annotationsets.add_segments {W}.project_with_two_worklists_loads_as_a_dataset",
        **_READ_BY_DATASETS,
    ),
    _row("2.4", "update_segmentation_group", f"annotationsets.update_segmentation_group {_GROUP}"),
    _row("2.4", "delete_segmentation_group", f"annotationsets.delete_segmentation_group {_GROUP}"),
    _row("2.4", "upload_segmentation_group", f"annotationsets.upload_segmentation_group {W}.segmentation_group_from_files"),
    _row("2.4", "update_resources", f"annotationsets.update_resources {W}.resources_of_a_worklist"),
    _row(
        "2.4", "get_segmentations / get_annotations",
        f"annotationsets.get_segmentations {W}.labels_by_worklist", f"annotationsets.get_annotations {W}.labels_by_worklist",
    ),
    _row("2.4", "get_ai_segmentations", f"annotationsets.get_ai_segmentations {W}.segmentations_of_models_by_worklist"),
    _row(
        "2.4", "upload_annotations",
        f"annotationsets.upload_annotations {W}.masks_uploaded_by_worklist {W}.geometry_uploaded_by_worklist",
    ),
    _row("2.4", "update_annotation_status", f"annotationsets.update_annotation_status {V}.a_review"),
    _row("2.4", "reset_annotator_status", f"annotationsets.reset_annotator_status {V}.an_annotator_begins_anew"),
    _row("2.4", "set_annotator", f"annotationsets.set_annotator {V}.annotators_of_a_worklist"),
    _row("2.4", "remove_annotator", f"annotationsets.remove_annotator {V}.annotators_of_a_worklist"),
    _row("2.4", "get_annotator_status", f"annotationsets.get_annotator_status {V}.statistics"),
    _row("2.4", "get_annotation_statuses", f"annotationsets.get_annotation_statuses {V}.a_review"),
    _row("2.4", "get_annotators_statistics", f"annotationsets.get_annotators_statistics {V}.statistics"),
    _row("2.4", "get_annotations_statistics", f"annotationsets.get_annotations_statistics {V}.statistics"),
    _row("2.4", "download_annotations", f"annotationsets.download_annotations {X}.annotations_of_a_worklist_as_tables"),
    # 2.5
    _row("2.5", "users.get_list", "users.get_list scenarios.access.users"),
    _row("2.5", "users.get_by_id / get_by_email", *(f"users.{m} scenarios.access.users" for m in ("get_by_id", "get_by_email"))),
    _row("2.5", "users.create", f"users.create {U}.people_of_an_organization"),
    _row("2.5", "users.update_user", f"users.update_user {U}.people_of_an_organization"),
    _row("2.5", "users.delete_user", f"users.delete_user {U}.people_of_an_organization"),
    _row("2.5", "users.invite", f"users.invite {U}.an_invitation_and_its_end {U}.inviting_somebody_who_is_there"),
    _row("2.5", "users.get_invitations", f"users.get_invitations {U}.an_invitation_and_its_end"),
    _row("2.5", "users.revoke_invitation", f"users.revoke_invitation {U}.an_invitation_and_its_end"),
    _row(
        "2.5", "_datasetsinfo.get_list/get_by_id/delete",
        *(f"_datasetsinfo.{m} {D}.files_in_and_out_of_a_dataset" for m in ("get_list", "get_by_id")),
        delete="always refused, every dataset is a project's: scenarios.exports a_dataset_of_a_project_is_not_deleted",
    ),
    _row("2.5", "_datasetsinfo.get_resources", f"_datasetsinfo.get_resources {D}.files_in_and_out_of_a_dataset"),
    _row("2.5", "_datasetsinfo.update_resources", f"_datasetsinfo.update_resources {D}.files_in_and_out_of_a_dataset"),
    _row("2.5", "_datasetsinfo.download", f"_datasetsinfo.download {X}.datasets_as_archives"),
    _row("2.5", "validation_studies.create", f"validation_studies.create {U}.a_validation_study"),
    _row("2.5", ".get_list / .get_by_id", *(f"validation_studies.{m} {U}.a_validation_study" for m in ("get_list", "get_by_id"))),
    _row("2.5", ".set_resources", f"validation_studies.set_resources {U}.a_validation_study"),
    _row("2.5", ".add_readers", f"validation_studies.add_readers {U}.a_validation_study"),
    _row(
        "2.5", "models.get_deployed_model_info (also by validation_studies.create)",
        f"models.get_deployed_model_info {U}.no_model_is_deployed",  # the honest answer until models are served
    ),
]  # fmt: skip

_RUN, _LOGGED = f"{T}.a_run_piece_by_piece", f"{T}.a_logged_model_piece_by_piece"
_REGISTRY, _ARTIFACTS = f"{T}.the_registry_piece_by_piece", f"{T}.artifacts_put_listed_and_deleted"
_EXPERIMENTS = f"{T}.experiments_made_found_and_read"


def _mlflow(noun: str, scenario: str, **calls: str) -> list[Row]:
    """One row for each call of a point: its word with ``_`` for ``-``, and methods of ``MlflowClient`` with blanks between."""
    return [
        _row("6", f"{noun} {word.replace('_', '-')}", *(f"MlflowClient.{one} {scenario}" for one in methods.split()))
        for word, methods in calls.items()
    ]


MLFLOW = [
    *_mlflow(
        "experiments", _EXPERIMENTS, get_by_name="get_experiment_by_name", create="create_experiment",
        get="get_experiment", search="search_experiments",
    ),
    *_mlflow(
        "runs", _RUN, create="create_run", get="get_run", update="update_run set_terminated", search="search_runs",
        log_batch="log_batch", log_metric="log_metric", log_parameter="log_param", set_tag="set_tag",
        log_inputs="log_inputs", outputs="log_outputs",
    ),
    _row("6", "logged-models logged-models", f"MlflowClient.create_logged_model {_LOGGED}"),
    _row("6", "logged-models /{id}", *(f"MlflowClient.{m} {_LOGGED}" for m in ("get_logged_model", "finalize_logged_model"))),
    _row("6", "logged-models /search", f"MlflowClient.search_logged_models {_LOGGED}"),
    _row("6", "logged-models /{id}/params", f"MlflowClient.log_model_params {_LOGGED}"),
    _row("6", "logged-models /{id}/tags", f"MlflowClient.set_logged_model_tags {_LOGGED}"),
    *_mlflow(
        "registered-models", _REGISTRY, create="create_registered_model", get="get_registered_model",
        search="search_registered_models", update="update_registered_model", rename="rename_registered_model",
        delete="delete_registered_model", get_latest_versions="get_latest_versions", set_tag="set_registered_model_tag",
        delete_tag="delete_registered_model_tag",
        alias="get_model_version_by_alias set_registered_model_alias delete_registered_model_alias",
    ),
    *_mlflow(
        "model-versions", _REGISTRY, create="create_model_version", get="get_model_version",
        search="search_model_versions", update="update_model_version", delete="delete_model_version",
        transition_stage="transition_model_version_stage", get_download_uri="get_model_version_download_uri",
        set_tag="set_model_version_tag", delete_tag="delete_model_version_tag",
    ),
    _row(
        "6", "artifacts GET/PUT/DELETE/list", f"MlflowClient.download_artifacts {_ARTIFACTS}",
        f"MlflowClient.log_artifact {_ARTIFACTS}", f"MlflowClient.list_artifacts {_ARTIFACTS}",
        f"*.delete_artifacts {_ARTIFACTS}",
    ),
    _row(
        "6", "the client's own models", f"models.log_model {T}.models_of_the_client_s_own_kind",
        f"models.clone_model {T}.models_of_the_client_s_own_kind", f"models.create {M}.a_model_is_registered_and_loaded_back",
        f"models.get_list {M}.a_model_is_registered_and_loaded_back",
        f"models.delete_model_version {M}.a_model_is_registered_and_loaded_back",
        f"models.delete_registered_model {M}.a_model_is_registered_and_loaded_back",
        f"models.get_projects {M}.projects_have_names_of_their_own",
    ),
    Row(
        "6", "dropped connections",
        {
            "MlflowClient.log_metric": ["scenarios_models.offline.without_a_server"],
            "*.sync_offline_logs": ["scenarios_models.offline.back"],
        },
    ),
]  # fmt: skip

_OLD_LIFE, _OLD_LIST = f"{H}.life_of_a_project", f"{H}.upload_list_tags_publish_delete"
_OLD_FILES, _OLD_REST = f"{H}.files_and_frames", f"{H}.channels_datasets_users"
_OLD_LABELS = f"{L}.categories_and_labels"


def _older(title: str, *calls: str, **instead: str) -> Row:
    return _row("7.2", title, *(f"handler.{call}" for call in calls), **instead)


OLDER_METHODS = [
    _older(
        "get_projects, get_project_by_name, start-up", f"get_projects {H}.start_up_and_wrong_key {_OLD_LIFE}",
        f"get_project_by_name {_OLD_LIFE}",
    ),
    _older("get_project_by_id", f"get_project_by_id {_OLD_LIFE}"),
    _older("create_project", f"create_project {_OLD_LIFE}"),
    _older("delete_project", f"delete_project {_OLD_LIFE}"),
    _older(
        "get_project_resources (seed: get_resources_by_project, deprecated; its wire call is a guess: this one or GET "
        "/resources?project_id=)",
        f"get_project_resources {_OLD_LIFE}",  # no published client has get_resources_by_project
    ),
    _older("download_project", f"download_project {L}.download_project"),
    _older("get_resources", f"get_resources {_OLD_LIST} {_OLD_LIFE}"),
    _older("get_resources_by_ids", f"get_resources_by_ids {_OLD_LIST}"),
    _older("upload_resource(s)", f"upload_resource {_OLD_LIST}", f"upload_resources {_OLD_LIST}"),
    _older("publish_resources", f"publish_resources {_OLD_LIST}"),
    _older(
        "upload with publish_to / add_to_project", f"upload_resource {H}.upload_mung_anonymise_skip_and_publish_to",
        f"add_to_project {_OLD_LIFE}",
    ),
    _older("set_resource_tags", f"set_resource_tags {_OLD_LIST}"),
    _older("delete_resources", f"delete_resources {_OLD_LIST}"),
    _older(
        "download_resource_file / frame", f"download_resource_file {_OLD_FILES}", f"download_resource_frame {_OLD_FILES}",
        f"download_multiple_resources {_OLD_FILES}",
    ),
    _older("get_channels", f"get_channels {_OLD_REST}"),
    _older("get_datasets / get_dataset_by_id", f"get_datasets {_OLD_REST}", f"get_dataset_by_id {_OLD_REST}"),
    _older("get_users / create_user", f"get_users {_OLD_REST}", f"create_user {_OLD_REST}"),
    _older(
        "get_annotations, get_resource_annotations (deprecated)", f"get_annotations {_OLD_LABELS}",
        get_resource_annotations="2.0.0 has it no more; it was get_annotations of one resource",
    ),
    _older(
        "get_annotation_by_id, delete_annotation", f"get_annotation_by_id {_OLD_LABELS}", f"delete_annotation {_OLD_LABELS}"
    ),
    _older(
        "add_annotations, add_image_/frame_category_annotation, add_line/box_annotation", f"add_annotations {_OLD_LABELS}",
        f"add_image_category_annotation {_OLD_LABELS}", f"add_frame_category_annotation {_OLD_LABELS}",
        f"add_line_annotation {L}.lines_and_boxes", f"add_box_annotation {L}.lines_and_boxes",
    ),
    _older("upload_segmentations", f"upload_segmentations {L}.masks"),
    _older(
        "download_segmentation_file, get_segmentation_file", f"download_segmentation_file {L}.masks",
        f"get_segmentation_file {L}.masks", f"download_multiple_segmentations {L}.masks",
    ),
    _older("set_annotation_status", f"set_annotation_status {_OLD_LIFE}"),
    _older(
        "get_annotation_worklist / _by_id / update", f"get_annotation_worklist {L}.worklists",
        f"get_annotation_worklist_by_id {L}.worklists", f"update_annotation_worklist {L}.worklists",
    ),
    _older(
        "create_experiment, get_experiments, get_experiment_by_id, get_experiment_by_name",
        f"create_experiment {L}.experiments", f"get_experiments {L}.experiments", f"get_experiment_by_id {L}.experiments",
        f"get_experiment_by_name {L}.experiments",
    ),
    _older(
        "log_entry, get_experiment_logs, log_summary, update_experiment, log_model",
        *(f"{m} {L}.experiments" for m in ("log_entry", "get_experiment_logs", "log_summary", "update_experiment")),
        f"log_model {L}.model_of_an_experiment",
    ),
]  # fmt: skip

ELSEWHERE = {"deploy_model_api.py", "inference_api.py", "pod_logs_api.py", "models_api.py"}
"""§2.6, models that are served: until then scenarios_models.models nothing_is_deployed shows the honest answer."""

WITHOUT_A_SERVER = {
    "segment_schema": "makes the body that add_segments sends",
    "standardize_segmentation_names": "rearranges its arguments",
    "rank_resources": "sorts what it was given",
    "cache_resources": "download_resource_file of each",
    "bulk_download_file": "download_multiple_files under another name",
    "get_annotations": "of resources: annotations.get_list",
}
"""Public methods that make no call of their own, and what they do instead."""
