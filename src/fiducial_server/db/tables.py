"""Every table. What is searched is a real column; JSON columns are stored and given back, never searched."""

from __future__ import annotations

import sqlalchemy as sa

from fiducial_server.db.schema import Id, Json, Short, Text, Time, metadata, optional, required, tenant_table, within

# --- who may do what -------------------------------------------------------------------------------------------------

organization = sa.Table(
    "organization",
    metadata,
    required("id", Id),
    required("name", Short),
    required("created_at", Time),
    sa.PrimaryKeyConstraint("id"),
)

user = tenant_table(
    "user",
    required("id", Id),
    required("email", Short),  # lower case; a login name, so unique on the whole server
    optional("firstname", Short),
    optional("lastname", Short),
    optional("password_hash", Text),
    required("roles", Json),
    required("created_at", Time),
    optional("disabled_at", Time),
    sa.UniqueConstraint("email"),
)

credential = tenant_table(
    "credential",
    required("id", Id),
    required("user_id", Id),
    required("kind", Short),  # api_key | ssh_key | bearer | resource_key
    required("title", Short),
    required("key_hash", sa.String(64)),  # SHA-256 of a key with 256 bits of entropy, or of an SSH public key
    required("prefix", sa.String(16)),
    optional("public_key", Text),
    optional("resource_type", Short),
    optional("resource_id", Id),
    required("scopes", Json),
    required("created_at", Time),
    optional("expires_at", Time),
    optional("revoked_at", Time),
    sa.UniqueConstraint("key_hash"),
    within(("user_id",), "user"),
)

# --- what is kept ----------------------------------------------------------------------------------------------------

file = tenant_table(
    "file",
    required("sha256", sa.String(64)),
    required("size", sa.BigInteger),
    required("created_at", Time),
    key=("sha256",),
)

folder = tenant_table(
    "folder",
    required("id", Id),
    optional("parent_id", Id),
    required("name", Short),
    optional("description", Text),
    required("user_metadata", Json),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    optional("deleted_at", Time),
    within(("parent_id",), "folder"),
)

channel = tenant_table(
    "channel",
    required("name", Short),
    required("created_at", Time),
    required("updated_at", Time),
    key=("name",),
)

item = tenant_table(
    "item",
    required("id", Id),
    required("kind", sa.String(32)),
    optional("format", sa.String(32)),
    required("name", Text),
    required("mimetype", Short),
    required("status", sa.String(16)),
    required("state", sa.String(16)),
    optional("state_reason", Text),
    required("size", sa.BigInteger),
    required("file_count", sa.Integer),
    optional("channel", Short),
    optional("folder_id", Id),
    optional("modality", sa.String(16)),
    optional("patient_id", Short),
    optional("study_uid", sa.String(64)),
    optional("series_uid", sa.String(64)),
    optional("instance_uid", sa.String(64)),
    optional("source_filepath", Text),
    optional("upload_mechanism", sa.String(32)),
    optional("width", sa.Integer),
    optional("height", sa.Integer),
    required("frame_count", sa.Integer),
    required("time_points", sa.Integer),
    required("is_volume", sa.Boolean),
    optional("duration_s", sa.Double),
    optional("fps", sa.Double),
    optional("geometry", Json),  # spacing_zyx_mm, voxel_to_patient, frame_of_reference_uid
    required("metadata", Json),
    required("user_metadata", Json),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    optional("published_at", Time),
    optional("published_by", Short),
    optional("deleted_at", Time),
    optional("deleted_by", Short),
    within(("folder_id",), "folder"),
    within(("channel",), "channel", ("name",)),
    # Lists are read in order of arrival, with or without one narrowing column; the id breaks ties of one microsecond.
    sa.Index("ix_item_created", "organization_id", "created_at", "id"),
    sa.Index("ix_item_status", "organization_id", "status", "created_at", "id"),
    sa.Index("ix_item_modality", "organization_id", "modality", "created_at", "id"),
    sa.Index("ix_item_mimetype", "organization_id", "mimetype", "created_at", "id"),
    sa.Index("ix_item_channel", "organization_id", "channel", "created_at", "id"),
    sa.Index("ix_item_folder", "organization_id", "folder_id", "created_at", "id"),
    sa.Index("ix_item_name", "organization_id", "name", "id"),
    sa.Index("ix_item_patient", "organization_id", "patient_id", "created_at", "id"),
    sa.Index("ix_item_study", "organization_id", "study_uid"),
    sa.Index("ix_item_series", "organization_id", "series_uid"),
    sa.Index("ix_item_created_by", "organization_id", "created_by", "id"),
    sa.Index("ix_item_published_at", "organization_id", "published_at", "id"),
    sa.Index("ix_item_published_by", "organization_id", "published_by", "id"),
    sa.Index("ix_item_deleted", "organization_id", "deleted_at", "id"),
)

item_file = tenant_table(
    "item_file",
    required("item_id", Id),
    required("ordinal", sa.Integer),
    required("sha256", sa.String(64)),
    required("filename", Text),
    required("mimetype", Short),
    optional("instance_uid", sa.String(64)),
    required("frame_count", sa.Integer),
    required("facts", Json),
    within(("item_id",), "item", ondelete="CASCADE"),
    within(("sha256",), "file", ("sha256",)),
    sa.Index("ix_item_file_sha256", "organization_id", "sha256"),
    sa.Index("ix_item_file_instance", "organization_id", "instance_uid", "sha256"),  # the same UID, other bytes?
    key=("item_id", "ordinal"),
)

item_tag = tenant_table(
    "item_tag",
    required("item_id", Id),
    required("tag", Short),
    within(("item_id",), "item", ondelete="CASCADE"),
    sa.Index("ix_item_tag_tag", "organization_id", "tag", "item_id"),
    key=("item_id", "tag"),
)

upload_token = tenant_table(  # a client's own name for a group it is filling, so that a broken upload finds it again
    "upload_token",
    required("user_id", Id),
    required("token_hash", sa.String(64)),
    required("item_id", Id),
    required("created_at", Time),
    within(("user_id",), "user"),
    within(("item_id",), "item", ondelete="CASCADE"),
    key=("user_id", "token_hash"),
)

finding = tenant_table(
    "finding",
    required("item_id", Id),
    required("ordinal", sa.Integer),
    required("code", sa.String(64)),
    required("severity", sa.String(16)),
    required("message", Text),
    required("evidence", Json),
    within(("item_id",), "item", ondelete="CASCADE"),
    sa.Index("ix_finding_code", "organization_id", "code", "item_id"),
    key=("item_id", "ordinal"),
)

derived = (
    tenant_table(  # thumbnails, frame indexes, the multi-frame file of a series: made again from the files at any time
        "derived",
        required("item_id", Id),
        required("name", sa.String(64)),
        required("sha256", sa.String(64)),
        required("size", sa.BigInteger),
        required("mimetype", Short),
        required("created_at", Time),
        within(("item_id",), "item", ondelete="CASCADE"),
        within(("sha256",), "file", ("sha256",)),
        sa.Index("ix_derived_sha256", "organization_id", "sha256"),
        key=("item_id", "name"),
    )
)

dataset = tenant_table(
    "dataset",
    required("id", Id),
    required("name", Short),
    optional("description", Text),
    optional("folder_id", Id),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    optional("deleted_at", Time),
    within(("folder_id",), "folder"),
    sa.Index("ix_dataset_created", "organization_id", "created_at", "id"),
)

data_row = tenant_table(  # an ordered set of links: one item may be in many datasets, each time under its own id
    "data_row",
    required("id", Id),
    required("dataset_id", Id),
    required("item_id", Id),
    required("position", sa.Integer),
    optional("title", Text),
    required("created_at", Time),
    required("created_by", Short),
    within(("dataset_id",), "dataset"),
    within(("item_id",), "item"),
    sa.UniqueConstraint("organization_id", "dataset_id", "item_id"),
    sa.Index("ix_data_row_dataset", "organization_id", "dataset_id", "position", "id"),
    sa.Index("ix_data_row_item", "organization_id", "item_id"),
)

# --- what may be labelled, and by whom -------------------------------------------------------------------------------

ontology = tenant_table(
    "ontology",
    required("id", Id),
    required("name", Short),
    optional("description", Text),
    required("settings", Json),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    optional("deleted_at", Time),
)

feature = tenant_table(
    "feature",
    required("id", Id),
    required("ontology_id", Id),
    optional("parent_id", Id),
    required("kind", sa.String(32)),
    required("identifier", Short),
    required("hash", sa.String(64)),
    optional("color", sa.String(16)),
    optional("index", sa.Integer),
    optional("scope", sa.String(16)),
    required("position", sa.Integer),
    required("required", sa.Boolean),
    required("archived", sa.Boolean),
    required("dynamic", sa.Boolean),
    required("values", Json),
    required("settings", Json),
    required("created_at", Time),
    within(("ontology_id",), "ontology"),
    within(("parent_id",), "feature"),
    sa.UniqueConstraint("organization_id", "ontology_id", "hash"),
    sa.Index("ix_feature_identifier", "organization_id", "ontology_id", "identifier", "kind"),
)

project = tenant_table(
    "project",
    required("id", Id),
    required("name", Short),
    optional("description", Text),
    required("dataset_id", Id),
    required("ontology_id", Id),
    required("annotation_set_id", Id),  # the main set; made in the same transaction, so no foreign key back
    required("require_review", sa.Boolean),
    required("locked_ontology", sa.Boolean),
    required("settings", Json),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    optional("archived_at", Time),
    optional("archived_by", Short),
    within(("dataset_id",), "dataset"),
    within(("ontology_id",), "ontology"),
    sa.Index("ix_project_created", "organization_id", "created_at", "id"),
    sa.Index("ix_project_name", "organization_id", "name"),
)

project_dataset = tenant_table(
    "project_dataset",
    required("project_id", Id),
    required("dataset_id", Id),
    within(("project_id",), "project"),
    within(("dataset_id",), "dataset"),
    sa.Index("ix_project_dataset_dataset", "organization_id", "dataset_id", "project_id"),
    key=("project_id", "dataset_id"),
)

project_member = tenant_table(
    "project_member",
    required("project_id", Id),
    required("user_id", Id),
    required("roles", Json),
    optional("expertise_level", sa.String(16)),
    required("status", sa.String(16)),
    required("created_at", Time),
    within(("project_id",), "project"),
    within(("user_id",), "user"),
    sa.Index("ix_project_member_user", "organization_id", "user_id"),
    key=("project_id", "user_id"),
)

annotation_set = tenant_table(
    "annotation_set",
    required("id", Id),
    required("project_id", Id),
    required("name", Short),
    required("kind", sa.String(16)),
    optional("description", Text),
    required("status", sa.String(16)),
    required("settings", Json),
    required("created_at", Time),
    required("created_by", Short),
    optional("deleted_at", Time),
    within(("project_id",), "project"),
    sa.Index("ix_annotation_set_project", "organization_id", "project_id", "created_at"),
)

stage = tenant_table(  # the workflow of a project: a small graph; next_ids lead on, return_id leads back
    "stage",
    required("id", Id),
    required("project_id", Id),
    required("kind", sa.String(32)),
    required("title", Short),
    required("position", sa.Integer),
    required("settings", Json),
    within(("project_id",), "project"),
    sa.Index("ix_stage_project", "organization_id", "project_id", "position"),
)

task = tenant_table(  # one data row in one project and annotation set
    "task",
    required("id", Id),
    required("project_id", Id),
    required("annotation_set_id", Id),
    required("data_row_id", Id),
    required("item_id", Id),
    required("stage_id", Id),
    required("state", sa.String(16)),
    optional("assignee", Short),
    required("priority", sa.Double),
    optional("label_hash", Id),  # null until labelling started
    optional("status_said", sa.String(16)),  # the word that set the state last: tells apart words that are one state
    required("created_at", Time),
    required("updated_at", Time),
    optional("last_edited_at", Time),
    within(("project_id",), "project"),
    within(("annotation_set_id",), "annotation_set"),
    within(("data_row_id",), "data_row"),
    within(("item_id",), "item"),
    within(("stage_id",), "stage"),
    sa.UniqueConstraint("organization_id", "annotation_set_id", "data_row_id"),
    sa.Index("ix_task_project_state", "organization_id", "project_id", "annotation_set_id", "state"),
    sa.Index("ix_task_item", "organization_id", "item_id"),
    sa.Index("ix_task_stage", "organization_id", "stage_id", "priority"),
    sa.Index("ix_task_assignee", "organization_id", "assignee", "state"),
    sa.Index("ix_task_label_hash", "organization_id", "label_hash"),
)

# --- labels ----------------------------------------------------------------------------------------------------------

annotation = tenant_table(
    "annotation",
    required("id", Id),
    required("item_id", Id),
    optional("project_id", Id),
    optional("annotation_set_id", Id),
    required("feature_id", Id),
    required("kind", sa.String(16)),
    required("instance", sa.String(64)),
    optional("text_value", Text),
    optional("numeric_value", sa.Double),
    optional("unit", Short),
    required("attributes", Json),
    required("source", sa.String(16)),
    required("is_model", sa.Boolean),
    optional("model_id", Short),
    required("confidence", sa.Double),
    optional("imported_from", Text),
    optional("credited_to", Short),
    optional("set_name", Short),
    required("status", sa.String(16)),
    optional("approved_at", Time),
    optional("approved_by", Short),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    optional("updated_by", Short),
    optional("deleted_at", Time),
    optional("deleted_by", Short),
    required("revision", sa.Integer),
    within(("item_id",), "item"),
    within(("project_id",), "project"),
    within(("annotation_set_id",), "annotation_set"),
    within(("feature_id",), "feature"),
    sa.Index("ix_annotation_item", "organization_id", "item_id", "created_at", "id"),
    sa.Index("ix_annotation_set", "organization_id", "annotation_set_id", "item_id"),
    sa.Index("ix_annotation_project", "organization_id", "project_id", "created_at", "id"),
    sa.Index("ix_annotation_created", "organization_id", "created_at", "id"),
    sa.Index("ix_annotation_created_by", "organization_id", "created_by", "created_at", "id"),
    sa.Index("ix_annotation_kind", "organization_id", "kind", "created_at", "id"),
    sa.Index("ix_annotation_feature", "organization_id", "feature_id"),
    sa.Index("ix_annotation_instance", "organization_id", "item_id", "instance"),
)

mark = tenant_table(  # id = the Datamint annotation id: stable for (annotation, frame) from save to save
    "mark",
    required("id", Id),
    required("annotation_id", Id),
    required("item_id", Id),
    required("position", sa.Integer),
    optional("frame_start", sa.Integer),  # null: the whole item
    optional("frame_end", sa.Integer),  # inclusive
    optional("shape", Json),
    optional("mask_sha256", sa.String(64)),
    optional("file_sha256", sa.String(64)),
    optional("file_mimetype", Short),
    optional("patient_points", Json),
    required("extra", Json),
    within(("annotation_id",), "annotation"),
    within(("item_id",), "item"),
    within(("mask_sha256",), "mask", ("sha256",)),
    within(("file_sha256",), "file", ("sha256",)),
    sa.Index("ix_mark_annotation", "organization_id", "annotation_id", "position"),
    sa.Index("ix_mark_item_frame", "organization_id", "item_id", "frame_start"),
    sa.Index("ix_mark_file", "organization_id", "file_sha256"),  # whether bytes are still needed
)

mask = tenant_table(  # lossless runs, immutable and named by their hash, so that history keeps every version once
    "mask",
    required("sha256", sa.String(64)),
    required("runs", sa.LargeBinary),
    key=("sha256",),
)

revision = tenant_table(  # append-only: who changed which label when, what before, what after
    "revision",
    required("annotation_id", Id),
    required("number", sa.Integer),
    required("at", Time),
    required("by", Short),
    required("action", sa.String(16)),  # create | update | delete | restore | approve
    required("origin", sa.String(32)),  # dialect or job that wrote it
    optional("before", Json),
    optional("after", Json),
    required("event_id", Id),
    sa.Index("ix_revision_at", "organization_id", "at"),
    key=("annotation_id", "number"),
)

event = tenant_table(  # append-only: every write; label logs, editor logs, timers and audit are views of it
    "event",
    required("id", Id),
    required("at", Time),
    required("actor", Short),
    optional("credential_id", Id),
    required("action", sa.String(64)),
    required("subject_kind", sa.String(32)),
    optional("subject_id", Text),
    optional("project_id", Id),
    required("origin", sa.String(32)),
    required("details", Json),
    sa.Index("ix_event_at", "organization_id", "at", "id"),
    sa.Index("ix_event_subject", "organization_id", "subject_kind", "subject_id", "at"),
    sa.Index("ix_event_project", "organization_id", "project_id", "at"),
)

# --- people and review beside the labels -------------------------------------------------------------------------------

split_assignment = (
    tenant_table(  # append-only but for its end: which part of the data an item was in, from when to when
        "split_assignment",
        required("id", Id),
        required("project_id", Id),
        required("item_id", Id),
        required("split_name", Short),
        required("created_at", Time),
        required("created_by", Short),
        optional("ended_at", Time),  # null: it is in this split now
        optional("ended_by", Short),
        within(("project_id",), "project"),
        within(("item_id",), "item"),
        sa.Index("ix_split_assignment_project", "organization_id", "project_id", "ended_at", "created_at", "id"),
        sa.Index("ix_split_assignment_item", "organization_id", "project_id", "item_id", "created_at"),
    )
)

set_annotator = tenant_table(  # who labels in an annotation set
    "set_annotator",
    required("annotation_set_id", Id),
    required("user_id", Id),
    required("status", sa.String(16)),  # active | frozen
    optional("expertise_level", sa.String(16)),  # learner | trained | expert
    optional("requires_review", sa.Boolean),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    within(("annotation_set_id",), "annotation_set"),
    within(("user_id",), "user"),
    sa.Index("ix_set_annotator_user", "organization_id", "user_id"),
    key=("annotation_set_id", "user_id"),
)

annotator_status = tenant_table(  # how far one annotator is with one item of an annotation set
    "annotator_status",
    required("annotation_set_id", Id),
    required("item_id", Id),
    required("annotator", Short),  # e-mail
    required("project_id", Id),
    required("status", sa.String(32)),  # opened | annotated | closed | approved | revision_request
    required("created_at", Time),
    required("updated_at", Time),
    required("updated_by", Short),
    within(("annotation_set_id",), "annotation_set"),
    within(("item_id",), "item"),
    within(("project_id",), "project"),
    sa.Index("ix_annotator_status_project", "organization_id", "project_id", "annotator", "status"),
    sa.Index("ix_annotator_status_item", "organization_id", "item_id"),
    key=("annotation_set_id", "item_id", "annotator"),
)

review_message = tenant_table(  # append-only: what a reviewer or annotator said when the status moved
    "review_message",
    required("id", Id),
    required("project_id", Id),
    required("annotation_set_id", Id),
    required("item_id", Id),
    required("annotator", Short),  # whose work it is about
    required("status", sa.String(32)),
    required("message", Text),
    optional("path", Text),
    required("created_at", Time),
    required("created_by", Short),
    within(("project_id",), "project"),
    within(("annotation_set_id",), "annotation_set"),
    within(("item_id",), "item"),
    sa.Index("ix_review_message_project", "organization_id", "project_id", "created_at", "id"),
    sa.Index("ix_review_message_item", "organization_id", "item_id"),
)

invitation = tenant_table(  # the link itself is shown once; only its hash is kept
    "invitation",
    required("id", Id),
    required("email", Short),  # lower case
    optional("firstname", Short),
    optional("lastname", Short),
    optional("return_url", Text),
    optional("project_id", Id),
    required("project_roles", Json),
    optional("annotation_set_id", Id),
    required("token_hash", sa.String(64)),
    required("created_at", Time),
    required("created_by", Short),
    required("expires_at", Time),
    optional("accepted_at", Time),
    optional("revoked_at", Time),
    optional("revoked_by", Short),
    within(("project_id",), "project"),
    within(("annotation_set_id",), "annotation_set"),
    sa.UniqueConstraint("token_hash"),
    sa.Index("ix_invitation_email", "organization_id", "email", "created_at"),
    sa.Index("ix_invitation_project", "organization_id", "project_id", "created_at"),
)

# --- studies and experiments -------------------------------------------------------------------------------------------

validation_study = tenant_table(
    "validation_study",
    required("id", Id),
    required("project_id", Id),
    required("name", Short),
    required("model_name", Short),
    optional("model_version", sa.Integer),
    optional("description", Text),
    required("reader_tasks", Json),
    required("status", sa.String(16)),  # draft | active | completed
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    within(("project_id",), "project"),
    sa.Index("ix_validation_study_created", "organization_id", "created_at", "id"),
    sa.Index("ix_validation_study_project", "organization_id", "project_id", "created_at"),
)

study_item = tenant_table(
    "study_item",
    required("study_id", Id),
    required("position", sa.Integer),
    required("item_id", Id),
    within(("study_id",), "validation_study", ondelete="CASCADE"),
    within(("item_id",), "item"),
    sa.Index("ix_study_item_item", "organization_id", "item_id"),
    key=("study_id", "position"),
)

study_reader = tenant_table(
    "study_reader",
    required("study_id", Id),
    required("email", Short),
    optional("firstname", Short),
    optional("lastname", Short),
    required("created_at", Time),
    required("created_by", Short),
    within(("study_id",), "validation_study", ondelete="CASCADE"),
    key=("study_id", "email"),
)

experiment = tenant_table(
    "experiment",
    required("id", Id),
    optional("project_id", Id),
    required("name", Short),
    optional("description", Text),
    optional("dataset_id", Id),
    required("status", Short),
    required("facts", Json),  # model, environment, hyper-parameters ...: kept and given back as they came
    required("summary", Json),
    required("created_at", Time),
    required("created_by", Short),
    required("updated_at", Time),
    within(("project_id",), "project"),
    within(("dataset_id",), "dataset"),
    sa.Index("ix_experiment_created", "organization_id", "created_at", "id"),
    sa.Index("ix_experiment_project", "organization_id", "project_id", "created_at"),
)

experiment_log = tenant_table(  # append-only
    "experiment_log",
    required("id", Id),
    required("experiment_id", Id),
    required("at", Time),
    required("by", Short),
    required("entry", Json),
    within(("experiment_id",), "experiment", ondelete="CASCADE"),
    sa.Index("ix_experiment_log_at", "organization_id", "experiment_id", "at", "id"),
)

experiment_model = tenant_table(  # model files that were logged with an experiment
    "experiment_model",
    required("id", Id),
    required("experiment_id", Id),
    required("name", Short),
    required("sha256", sa.String(64)),
    required("size", sa.BigInteger),
    required("facts", Json),
    required("created_at", Time),
    required("created_by", Short),
    within(("experiment_id",), "experiment", ondelete="CASCADE"),
    within(("sha256",), "file", ("sha256",)),
    sa.Index("ix_experiment_model_experiment", "organization_id", "experiment_id", "created_at"),
    sa.Index("ix_experiment_model_sha256", "organization_id", "sha256"),  # whether bytes are still needed
)

server_secret = sa.Table(  # of all server processes on this database: made by the first, never shown
    "server_secret",
    metadata,
    required("name", sa.String(32)),
    required("value", sa.String(128)),  # hex
    required("created_at", Time),
    sa.PrimaryKeyConstraint("name"),
)

# --- work ------------------------------------------------------------------------------------------------------------

job = tenant_table(
    "job",
    required("id", Id),
    required("kind", sa.String(64)),
    required("state", sa.String(16)),
    required("payload", Json),
    required("result", Json),
    required("progress", sa.Double),
    optional("current_step", Short),
    optional("error", Text),
    required("cancel_requested", sa.Boolean),
    required("created_at", Time),
    required("created_by", Short),
    optional("started_at", Time),
    optional("finished_at", Time),
    sa.Index("ix_job_state", "state", "created_at"),  # the worker looks over all organizations, by state
    sa.Index("ix_job_created", "organization_id", "created_at", "id"),
)

job_unit = tenant_table(
    "job_unit",
    required("job_id", Id),
    required("ordinal", sa.Integer),
    required("subject_id", Id),
    required("state", sa.String(16)),
    optional("error", Text),
    required("attempts", sa.Integer),
    required("payload", Json),
    within(("job_id",), "job", ondelete="CASCADE"),
    sa.Index("ix_job_unit_state", "organization_id", "job_id", "state", "ordinal"),
    key=("job_id", "ordinal"),
)
