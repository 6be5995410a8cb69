"""Splits, annotators and reviews, invitations, validation studies, experiments; the server's secret."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_review"
down_revision = "0001_initial"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "server_secret",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_secret"),
    )
    op.create_table(
        "experiment",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("dataset_id", sa.String(length=36), nullable=True),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("summary", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "dataset_id"],
            ["dataset.organization_id", "dataset.id"],
            name="fk_experiment_organization_id_dataset_id_dataset",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_experiment_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_experiment_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_experiment"),
    )
    op.create_index("ix_experiment_created", "experiment", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_experiment_project", "experiment", ["organization_id", "project_id", "created_at"], unique=False
    )
    op.create_table(
        "split_assignment",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("split_name", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_split_assignment_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_split_assignment_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_split_assignment_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_split_assignment"),
    )
    op.create_index(
        "ix_split_assignment_item",
        "split_assignment",
        ["organization_id", "project_id", "item_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_split_assignment_project",
        "split_assignment",
        ["organization_id", "project_id", "ended_at", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "validation_study",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("model_name", sa.String(length=255), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("reader_tasks", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_validation_study_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_validation_study_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_validation_study"),
    )
    op.create_index(
        "ix_validation_study_created", "validation_study", ["organization_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_validation_study_project", "validation_study", ["organization_id", "project_id", "created_at"], unique=False
    )
    op.create_table(
        "annotator_status",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("annotation_set_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("annotator", sa.String(length=255), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "annotation_set_id"],
            ["annotation_set.organization_id", "annotation_set.id"],
            name=op.f("fk_annotator_status_organization_id_annotation_set_id_annotation_set"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_annotator_status_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_annotator_status_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_annotator_status_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "annotation_set_id", "item_id", "annotator", name="pk_annotator_status"
        ),
    )
    op.create_index("ix_annotator_status_item", "annotator_status", ["organization_id", "item_id"], unique=False)
    op.create_index(
        "ix_annotator_status_project",
        "annotator_status",
        ["organization_id", "project_id", "annotator", "status"],
        unique=False,
    )
    op.create_table(
        "experiment_log",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("entry", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "experiment_id"],
            ["experiment.organization_id", "experiment.id"],
            name="fk_experiment_log_organization_id_experiment_id_experiment",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_experiment_log_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_experiment_log"),
    )
    op.create_index(
        "ix_experiment_log_at", "experiment_log", ["organization_id", "experiment_id", "at", "id"], unique=False
    )
    op.create_table(
        "experiment_model",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("experiment_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "experiment_id"],
            ["experiment.organization_id", "experiment.id"],
            name="fk_experiment_model_organization_id_experiment_id_experiment",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "sha256"],
            ["file.organization_id", "file.sha256"],
            name="fk_experiment_model_organization_id_sha256_file",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_experiment_model_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_experiment_model"),
    )
    op.create_index(
        "ix_experiment_model_experiment",
        "experiment_model",
        ["organization_id", "experiment_id", "created_at"],
        unique=False,
    )
    op.create_index("ix_experiment_model_sha256", "experiment_model", ["organization_id", "sha256"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("firstname", sa.String(length=255), nullable=True),
        sa.Column("lastname", sa.String(length=255), nullable=True),
        sa.Column("return_url", sa.Text(), nullable=True),
        sa.Column("project_id", sa.String(length=36), nullable=True),
        sa.Column("project_roles", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("annotation_set_id", sa.String(length=36), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_by", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "annotation_set_id"],
            ["annotation_set.organization_id", "annotation_set.id"],
            name="fk_invitation_organization_id_annotation_set_id_annotation_set",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_invitation_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_invitation_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_invitation"),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
    )
    op.create_index("ix_invitation_email", "invitation", ["organization_id", "email", "created_at"], unique=False)
    op.create_index(
        "ix_invitation_project", "invitation", ["organization_id", "project_id", "created_at"], unique=False
    )
    op.create_table(
        "review_message",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("annotation_set_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.Column("annotator", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "annotation_set_id"],
            ["annotation_set.organization_id", "annotation_set.id"],
            name=op.f("fk_review_message_organization_id_annotation_set_id_annotation_set"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_review_message_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["project.organization_id", "project.id"],
            name="fk_review_message_organization_id_project_id_project",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_review_message_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_review_message"),
    )
    op.create_index("ix_review_message_item", "review_message", ["organization_id", "item_id"], unique=False)
    op.create_index(
        "ix_review_message_project",
        "review_message",
        ["organization_id", "project_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "set_annotator",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("annotation_set_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("expertise_level", sa.String(length=16), nullable=True),
        sa.Column("requires_review", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "annotation_set_id"],
            ["annotation_set.organization_id", "annotation_set.id"],
            name=op.f("fk_set_annotator_organization_id_annotation_set_id_annotation_set"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["user.organization_id", "user.id"],
            name="fk_set_annotator_organization_id_user_id_user",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_set_annotator_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "annotation_set_id", "user_id", name="pk_set_annotator"),
    )
    op.create_index("ix_set_annotator_user", "set_annotator", ["organization_id", "user_id"], unique=False)
    op.create_table(
        "study_item",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("study_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"],
            ["item.organization_id", "item.id"],
            name="fk_study_item_organization_id_item_id_item",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "study_id"],
            ["validation_study.organization_id", "validation_study.id"],
            name="fk_study_item_organization_id_study_id_validation_study",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_study_item_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "study_id", "position", name="pk_study_item"),
    )
    op.create_index("ix_study_item_item", "study_item", ["organization_id", "item_id"], unique=False)
    op.create_table(
        "study_reader",
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("study_id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("firstname", sa.String(length=255), nullable=True),
        sa.Column("lastname", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "study_id"],
            ["validation_study.organization_id", "validation_study.id"],
            name="fk_study_reader_organization_id_study_id_validation_study",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organization.id"], name="fk_study_reader_organization_id_organization"
        ),
        sa.PrimaryKeyConstraint("organization_id", "study_id", "email", name="pk_study_reader"),
    )


def downgrade() -> None:
    op.drop_table("study_reader")
    op.drop_index("ix_study_item_item", table_name="study_item")
    op.drop_table("study_item")
    op.drop_index("ix_set_annotator_user", table_name="set_annotator")
    op.drop_table("set_annotator")
    op.drop_index("ix_review_message_project", table_name="review_message")
    op.drop_index("ix_review_message_item", table_name="review_message")
    op.drop_table("review_message")
    op.drop_index("ix_invitation_project", table_name="invitation")
    op.drop_index("ix_invitation_email", table_name="invitation")
    op.drop_table("invitation")
    op.drop_index("ix_experiment_model_sha256", table_name="experiment_model")
    op.drop_index("ix_experiment_model_experiment", table_name="experiment_model")
    op.drop_table("experiment_model")
    op.drop_index("ix_experiment_log_at", table_name="experiment_log")
    op.drop_table("experiment_log")
    op.drop_index("ix_annotator_status_project", table_name="annotator_status")
    op.drop_index("ix_annotator_status_item", table_name="annotator_status")
    op.drop_table("annotator_status")
    op.drop_index("ix_validation_study_project", table_name="validation_study")
    op.drop_index("ix_validation_study_created", table_name="validation_study")
    op.drop_table("validation_study")
    op.drop_index("ix_split_assignment_project", table_name="split_assignment")
    op.drop_index("ix_split_assignment_item", table_name="split_assignment")
    op.drop_table("split_assignment")
    op.drop_index("ix_experiment_project", table_name="experiment")
    op.drop_index("ix_experiment_created", table_name="experiment")
    op.drop_table("experiment")
    op.drop_table("server_secret")
