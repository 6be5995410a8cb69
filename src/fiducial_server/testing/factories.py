"""Rows that a test needs to be there, made through the repositories, without uploading anything."""

from __future__ import annotations

from typing import Any

from fiducial_server.db import items
from fiducial_server.db.engine import Database
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.ids import new_id
from fiducial_server.model.item import Item, ItemKind, ItemState, ItemStatus
from fiducial_server.model.times import now_us


def make_item(database: Database, actor: Actor, **facts: Any) -> Item:
    """An item without files: a published picture of 64 x 48 pixels unless ``facts`` (columns of ``item``) say else.

    ``voxel_to_patient`` may be given directly (4 x 4, LPS mm).
    """
    item_id, at = new_id(), now_us()
    affine = facts.pop("voxel_to_patient", None)
    row: dict[str, Any] = {
        "id": item_id,
        "kind": ItemKind.IMAGE.value,
        "format": "png",
        "name": "picture.png",
        "mimetype": "image/png",
        "status": ItemStatus.PUBLISHED.value,
        "state": ItemState.READY.value,
        "size": 1000,
        "file_count": 1,
        "width": 64,
        "height": 48,
        "frame_count": 1,
        "time_points": 1,
        "is_volume": False,
        "geometry": None if affine is None else {"voxel_to_patient": [list(line) for line in affine]},
        "metadata": {},
        "user_metadata": {},
        "created_at": at,
        "created_by": actor.email,
        "updated_at": at,
        **facts,
    }
    database.transact(actor.organization_id, lambda scope: items.insert(scope, [row]))
    with database.read(actor.organization_id) as scope:
        found = items.find(scope, item_id)
    assert found is not None
    return found


def make_video(database: Database, actor: Actor, frames: int = 100, **facts: Any) -> Item:
    """A video of 64 x 48 pixels."""
    given = {"kind": ItemKind.VIDEO.value, "format": "video", "name": "cine.mp4", "mimetype": "video/mp4", **facts}
    return make_item(database, actor, frame_count=frames, **given)


def make_volume(database: Database, actor: Actor, slices: int = 5, **facts: Any) -> Item:
    """A series of slices of 64 x 48 pixels, 0.5 x 0.5 x 2 mm, in plain axial orientation."""
    affine = ((0.5, 0.0, 0.0, -10.0), (0.0, 0.5, 0.0, -20.0), (0.0, 0.0, 2.0, 30.0), (0.0, 0.0, 0.0, 1.0))
    given = {
        "kind": ItemKind.DICOM_SERIES.value,
        "format": "dicom",
        "name": "series",
        "mimetype": "application/dicom",
        "is_volume": True,
        "file_count": slices,
        "voxel_to_patient": affine,
        **facts,
    }
    return make_item(database, actor, frame_count=slices, **given)


def as_member(actor: Actor) -> Actor:
    """The same user without an administrator's rights."""
    return Actor(actor.organization_id, actor.user_id, actor.email, frozenset({Role.MEMBER}))


def as_viewer(actor: Actor) -> Actor:
    return Actor(actor.organization_id, actor.user_id, actor.email, frozenset({Role.VIEWER}))
