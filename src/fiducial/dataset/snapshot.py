"""What a dataset is made from: a project's items and labels at one moment, and where their bytes lie on this disk."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fiducial.errors import Damaged, NotFound

FORMAT = 1


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """One label cut to one frame (or the whole item, ``frame`` None), in the terms of the Datamint wire."""

    id: str
    identifier: str
    kind: str
    """``annotation_type`` of the wire: segmentation, square, category ..."""
    frame: int | None
    value: str | float | None = None
    geometry: Any = None
    file: str | None = None
    """Path of the mask's bytes below the dataset's root."""
    author: str | None = None
    source: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item. ``file`` is the path of its bytes below the root; ``sha256`` their hash, checked when they arrived."""

    id: str
    name: str
    kind: str
    file: str
    sha256: str
    frame_count: int
    modality: str | None = None
    patient_id: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    tags: tuple[str, ...] = ()
    labels: tuple[LabelRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A project at one moment. With its files beside it, no network is needed any more."""

    root: Path
    project_id: str
    project_name: str
    taken_at: str
    items: tuple[ItemRecord, ...]

    def path(self, file: str) -> Path:
        return self.root / file

    def without(self, item_ids: Sequence[str]) -> Snapshot:
        gone = set(item_ids)
        return self.only([item.id for item in self.items if item.id not in gone])

    def only(self, item_ids: Sequence[str]) -> Snapshot:
        """The same snapshot with these items alone, in the order they had."""
        kept = set(item_ids)
        items = tuple(item for item in self.items if item.id in kept)
        return Snapshot(self.root, self.project_id, self.project_name, self.taken_at, items)

    def save(self) -> None:
        """Write ``snapshot.json`` below the root, whole or not at all."""
        body = {"format": FORMAT, **{k: v for k, v in asdict(self).items() if k != "root"}}
        path = self.root / "snapshot.json"
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        part.write_text(json.dumps(body), encoding="utf-8")
        os.replace(part, path)


def load_snapshot(root: Path) -> Snapshot:
    """The snapshot saved below ``root``; NotFound when there is none, Damaged when it cannot be read."""
    path = root / "snapshot.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        items = tuple(_item(item) for item in body["items"])
        return Snapshot(root, body["project_id"], body["project_name"], body["taken_at"], items)
    except FileNotFoundError:
        raise NotFound(f"there is no saved dataset in {root}; open it once with auto_update=True") from None
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{path} cannot be read ({error}); open the dataset with auto_update=True to make it again"
        ) from error


def _item(body: dict[str, Any]) -> ItemRecord:
    labels = tuple(LabelRecord(**label) for label in body["labels"])
    return ItemRecord(**{**body, "tags": tuple(body["tags"]), "labels": labels})
