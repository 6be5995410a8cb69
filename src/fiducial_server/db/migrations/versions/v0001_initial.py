"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:  # noqa: PLR0915 - one table after the other
    op.create_table(
        "organization",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organization"),
    )
    op.create_table(
        "channel",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_channel_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "name", name="pk_channel"),
    )
    op.create_table(
        "event",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("credential_id", sa.String(length=36), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_kind", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_event_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_event"),
    )
    op.create_index("ix_event_at", "event", ["organization_id", "at", "id"])
    op.create_index("ix_event_project", "event", ["organization_id", "project_id", "at"])
    op.create_index("ix_event_subject", "event", ["organization_id", "subject_kind", "subject_id", "at"])
    op.create_table(
        "file",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_file_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "sha256", name="pk_file"),
    )
    op.create_table(
        "folder",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("user_metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["folder.organization_id", "folder.id"],
            name="fk_folder_organization_id_parent_id_folder",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_folder_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_folder"),
    )
    op.create_table(
        "job",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("current_step", sa.String(length=255), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_job_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_job"),
    )
    op.create_index("ix_job_created", "job", ["organization_id", "created_at", "id"])
    op.create_index("ix_job_state", "job", ["state", "created_at"])
    op.create_table(
        "mask",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("runs", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_mask_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "sha256", name="pk_mask"),
    )
    op.create_table(
        "ontology",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_ontology_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_ontology"),
    )
    op.create_table(
        "revision",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("annotation_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_revision_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "annotation_id", "number", name="pk_revision"),
    )
    op.create_index("ix_revision_at", "revision", ["organization_id", "at"])
    op.create_table(
        "user",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("firstname", sa.String(length=255), nullable=True),
        sa.Column("lastname", sa.String(length=255), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_user_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_user"),
        sa.UniqueConstraint("email", name="uq_user_email"),
    )
    op.create_table(
        "credential",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("resource_type", sa.String(length=255), nullable=True),
        sa.Column("resource_id", sa.String(length=36), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["user.organization_id", "user.id"],
            name="fk_credential_organization_id_user_id_user",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_credential_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_credential"),
        sa.UniqueConstraint("key_hash", name="uq_credential_key_hash"),
    )
    op.create_table(
        "dataset",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("folder_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "folder_id"],
            ["folder.organization_id", "folder.id"],
            name="fk_dataset_organization_id_folder_id_folder",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_dataset_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_dataset"),
    )
    op.create_index("ix_dataset_created", "dataset", ["organization_id", "created_at", "id"])
    op.create_table(
        "feature",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("ontology_id", sa.String(length=36), nullable=False),
        sa.Column("parent_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("identifier", sa.String(length=255), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("color", sa.String(length=16), nullable=True),
        sa.Column("index", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(length=16), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("dynamic", sa.Boolean(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "ontology_id"],
            ["ontology.organization_id", "ontology.id"],
            name="fk_feature_organization_id_ontology_id_ontology",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "parent_id"],
            ["feature.organization_id", "feature.id"],
            name="fk_feature_organization_id_parent_id_feature",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_feature_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_feature"),
        sa.UniqueConstraint(
            "organization_id", "ontology_id", "hash", name="uq_feature_organization_id_ontology_id_hash"
        ),
    )
    op.create_index("ix_feature_identifier", "feature", ["organization_id", "ontology_id", "identifier", "kind"])
    op.create_table(
        "item",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("format", sa.String(length=32), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mimetype", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=255), nullable=True),
        sa.Column("folder_id", sa.String(length=36), nullable=True),
        sa.Column("modality", sa.String(length=16), nullable=True),
        sa.Column("patient_id", sa.String(length=255), nullable=True),
        sa.Column("study_uid", sa.String(length=64), nullable=True),
        sa.Column("series_uid", sa.String(length=64), nullable=True),
        sa.Column("instance_uid", sa.String(length=64), nullable=True),
        sa.Column("source_filepath", sa.Text(), nullable=True),
        sa.Column("upload_mechanism", sa.String(length=32), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("time_points", sa.Integer(), nullable=False),
        sa.Column("is_volume", sa.Boolean(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("geometry", sa.JSON(), nullable=True),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("user_metadata", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("published_by", sa.String(length=255), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_by", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "channel"],
            ["channel.organization_id", "channel.name"],
            name="fk_item_organization_id_channel_channel",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "folder_id"],
            ["folder.organization_id", "folder.id"],
            name="fk_item_organization_id_folder_id_folder",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_item_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_item"),
    )
    op.create_index("ix_item_channel", "item", ["organization_id", "channel", "created_at", "id"])
    op.create_index("ix_item_created", "item", ["organization_id", "created_at", "id"])
    op.create_index("ix_item_created_by", "item", ["organization_id", "created_by", "id"])
    op.create_index("ix_item_deleted", "item", ["organization_id", "deleted_at", "id"])
    op.create_index("ix_item_folder", "item", ["organization_id", "folder_id", "created_at", "id"])
    op.create_index("ix_item_mimetype", "item", ["organization_id", "mimetype", "created_at", "id"])
    op.create_index("ix_item_modality", "item", ["organization_id", "modality", "created_at", "id"])
    op.create_index("ix_item_name", "item", ["organization_id", "name", "id"])
    op.create_index("ix_item_patient", "item", ["organization_id", "patient_id", "created_at", "id"])
    op.create_index("ix_item_published_at", "item", ["organization_id", "published_at", "id"])
    op.create_index("ix_item_published_by", "item", ["organization_id", "published_by", "id"])
    op.create_index("ix_item_series", "item", ["organization_id", "series_uid"])
    op.create_index("ix_item_status", "item", ["organization_id", "status", "created_at", "id"])
    op.create_index("ix_item_study", "item", ["organization_id", "study_uid"])
    op.create_table(
        "job_unit",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "job_id"],
            ["job.organization_id", "job.id"],
            name="fk_job_unit_organization_id_job_id_job",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_job_unit_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "job_id", "ordinal", name="pk_job_unit"),
    )
    op.create_index("ix_job_unit_state", "job_unit", ["organization_id", "job_id", "state", "ordinal"])
    op.create_table(
        "data_row",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "dataset_id"],
            ["dataset.organization_id", "dataset.id"],
            name="fk_data_row_organization_id_dataset_id_dataset",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_data_row_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_data_row_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_data_row"),
        sa.UniqueConstraint(
            "organization_id", "dataset_id", "item_id", name="uq_data_row_organization_id_dataset_id_item_id"
        ),
    )
    op.create_index("ix_data_row_dataset", "data_row", ["organization_id", "dataset_id", "position", "id"])
    op.create_index("ix_data_row_item", "data_row", ["organization_id", "item_id"])
    op.create_table(
        "derived",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mimetype", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_derived_organization_id_item_id_item",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "sha256"],
            ["file.organization_id", "file.sha256"],
            name="fk_derived_organization_id_sha256_file",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_derived_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "item_id", "name", name="pk_derived"),
    )
    op.create_index("ix_derived_sha256", "derived", ["organization_id", "sha256"])
    op.create_table(
        "finding",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_finding_organization_id_item_id_item",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_finding_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "item_id", "ordinal", name="pk_finding"),
    )
    op.create_index("ix_finding_code", "finding", ["organization_id", "code", "item_id"])
    op.create_table(
        "item_file",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("mimetype", sa.String(length=255), nullable=False),
        sa.Column("instance_uid", sa.String(length=64), nullable=True),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_item_file_organization_id_item_id_item",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "sha256"],
            ["file.organization_id", "file.sha256"],
            name="fk_item_file_organization_id_sha256_file",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_item_file_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "item_id", "ordinal", name="pk_item_file"),
    )
    op.create_index("ix_item_file_instance", "item_file", ["organization_id", "instance_uid", "sha256"])
    op.create_index("ix_item_file_sha256", "item_file", ["organization_id", "sha256"])
    op.create_table(
        "item_tag",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_item_tag_organization_id_item_id_item",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_item_tag_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "item_id", "tag", name="pk_item_tag"),
    )
    op.create_index("ix_item_tag_tag", "item_tag", ["organization_id", "tag", "item_id"])
    op.create_table(
        "project",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.Column("ontology_id", sa.String(length=36), nullable=False),
        sa.Column("annotation_set_id", sa.String(length=36), nullable=False),
        sa.Column("require_review", sa.Boolean(), nullable=False),
        sa.Column("locked_ontology", sa.Boolean(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.BigInteger(), nullable=True),
        sa.Column("archived_by", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "dataset_id"],
            ["dataset.organization_id", "dataset.id"],
            name="fk_project_organization_id_dataset_id_dataset",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "ontology_id"],
            ["ontology.organization_id", "ontology.id"],
            name="fk_project_organization_id_ontology_id_ontology",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_project_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_project"),
    )
    op.create_index("ix_project_created", "project", ["organization_id", "created_at", "id"])
    op.create_index("ix_project_name", "project", ["organization_id", "name"])
    op.create_table(
        "upload_token",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_upload_token_organization_id_item_id_item",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["user.organization_id", "user.id"],
            name="fk_upload_token_organization_id_user_id_user",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_upload_token_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "token_hash", name="pk_upload_token"),
    )
    op.create_table(
        "annotation_set",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_annotation_set_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_annotation_set_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_annotation_set"),
    )
    op.create_index("ix_annotation_set_project", "annotation_set", ["organization_id", "project_id", "created_at"])
    op.create_table(
        "project_dataset",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("dataset_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "dataset_id"],
            ["dataset.organization_id", "dataset.id"],
            name="fk_project_dataset_organization_id_dataset_id_dataset",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_project_dataset_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_project_dataset_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "project_id", "dataset_id", name="pk_project_dataset"),
    )
    op.create_index("ix_project_dataset_dataset", "project_dataset", ["organization_id", "dataset_id", "project_id"])
    op.create_table(
        "project_member",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("expertise_level", sa.String(length=16), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_project_member_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["user.organization_id", "user.id"],
            name="fk_project_member_organization_id_user_id_user",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_project_member_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "project_id", "user_id", name="pk_project_member"),
    )
    op.create_index("ix_project_member_user", "project_member", ["organization_id", "user_id"])
    op.create_table(
        "stage",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_stage_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_stage_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_stage"),
    )
    op.create_index("ix_stage_project", "stage", ["organization_id", "project_id", "position"])
    op.create_table(
        "annotation",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("annotation_set_id", sa.String(length=36), nullable=True),
        sa.Column("feature_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("instance", sa.String(length=64), nullable=False),
        sa.Column("text_value", sa.Text(), nullable=True),
        sa.Column("numeric_value", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(length=255), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("is_model", sa.Boolean(), nullable=False),
        sa.Column("model_id", sa.String(length=255), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("imported_from", sa.Text(), nullable=True),
        sa.Column("credited_to", sa.String(length=255), nullable=True),
        sa.Column("set_name", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(length=255), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_by", sa.String(length=255), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "annotation_set_id"],
            ["annotation_set.organization_id", "annotation_set.id"],
            name="fk_annotation_organization_id_annotation_set_id_annotation_set",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "feature_id"],
            ["feature.organization_id", "feature.id"],
            name="fk_annotation_organization_id_feature_id_feature",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_annotation_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_annotation_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_annotation_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_annotation"),
    )
    op.create_index("ix_annotation_created", "annotation", ["organization_id", "created_at", "id"])
    op.create_index("ix_annotation_created_by", "annotation", ["organization_id", "created_by", "created_at", "id"])
    op.create_index("ix_annotation_feature", "annotation", ["organization_id", "feature_id"])
    op.create_index("ix_annotation_instance", "annotation", ["organization_id", "item_id", "instance"])
    op.create_index("ix_annotation_item", "annotation", ["organization_id", "item_id", "created_at", "id"])
    op.create_index("ix_annotation_kind", "annotation", ["organization_id", "kind", "created_at", "id"])
    op.create_index("ix_annotation_project", "annotation", ["organization_id", "project_id", "created_at", "id"])
    op.create_index("ix_annotation_set", "annotation", ["organization_id", "annotation_set_id", "item_id"])
    op.create_table(
        "task",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("annotation_set_id", sa.String(length=36), nullable=False),
        sa.Column("data_row_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("stage_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("assignee", sa.String(length=255), nullable=True),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("label_hash", sa.String(length=36), nullable=True),
        sa.Column("status_said", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("last_edited_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "annotation_set_id"],
            ["annotation_set.organization_id", "annotation_set.id"],
            name="fk_task_organization_id_annotation_set_id_annotation_set",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "data_row_id"],
            ["data_row.organization_id", "data_row.id"],
            name="fk_task_organization_id_data_row_id_data_row",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_task_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_task_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "stage_id"],
            ["stage.organization_id", "stage.id"],
            name="fk_task_organization_id_stage_id_stage",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_task_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_task"),
        sa.UniqueConstraint(
            "organization_id",
            "annotation_set_id",
            "data_row_id",
            name="uq_task_organization_id_annotation_set_id_data_row_id",
        ),
    )
    op.create_index("ix_task_assignee", "task", ["organization_id", "assignee", "state"])
    op.create_index("ix_task_item", "task", ["organization_id", "item_id"])
    op.create_index("ix_task_label_hash", "task", ["organization_id", "label_hash"])
    op.create_index("ix_task_project_state", "task", ["organization_id", "project_id", "annotation_set_id", "state"])
    op.create_index("ix_task_stage", "task", ["organization_id", "stage_id", "priority"])
    op.create_table(
        "mark",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("annotation_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("frame_start", sa.Integer(), nullable=True),
        sa.Column("frame_end", sa.Integer(), nullable=True),
        sa.Column("shape", sa.JSON(), nullable=True),
        sa.Column("mask_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("file_mimetype", sa.String(length=255), nullable=True),
        sa.Column("patient_points", sa.JSON(), nullable=True),
        sa.Column("extra", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "annotation_id"],
            ["annotation.organization_id", "annotation.id"],
            name="fk_mark_organization_id_annotation_id_annotation",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "file_sha256"],
            ["file.organization_id", "file.sha256"],
            name="fk_mark_organization_id_file_sha256_file",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_mark_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "mask_sha256"],
            ["mask.organization_id", "mask.sha256"],
            name="fk_mark_organization_id_mask_sha256_mask",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], name="fk_mark_organization_id_organization"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_mark"),
    )
    op.create_index("ix_mark_annotation", "mark", ["organization_id", "annotation_id", "position"])
    op.create_index("ix_mark_file", "mark", ["organization_id", "file_sha256"])
    op.create_index("ix_mark_item_frame", "mark", ["organization_id", "item_id", "frame_start"])


def downgrade() -> None:
    op.drop_table("mark")
    op.drop_table("task")
    op.drop_table("annotation")
    op.drop_table("stage")
    op.drop_table("project_member")
    op.drop_table("project_dataset")
    op.drop_table("annotation_set")
    op.drop_table("upload_token")
    op.drop_table("project")
    op.drop_table("item_tag")
    op.drop_table("item_file")
    op.drop_table("finding")
    op.drop_table("derived")
    op.drop_table("data_row")
    op.drop_table("job_unit")
    op.drop_table("item")
    op.drop_table("feature")
    op.drop_table("dataset")
    op.drop_table("credential")
    op.drop_table("user")
    op.drop_table("revision")
    op.drop_table("ontology")
    op.drop_table("mask")
    op.drop_table("job")
    op.drop_table("folder")
    op.drop_table("file")
    op.drop_table("event")
    op.drop_table("channel")
    op.drop_table("organization")
