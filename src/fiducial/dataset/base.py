"""What all datasets share: a sequence of samples over a snapshot, usable as it is or through torch's DataLoader."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from fiducial.dataset.arrays import frames_of, header_of
from fiducial.dataset.masks import Layers, as_dict, class_names, classification, label_names, layers_of, semantic
from fiducial.dataset.snapshot import ItemRecord, LabelRecord, Snapshot
from fiducial.dataset.split import Split, SplitBy, Subject, split_subjects
from fiducial.media.base import Header

Sample = dict[str, Any]
OPEN_ITEMS = 8
"""How many items' memory maps and masks a process keeps at hand."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sample is: an item (by its place in the snapshot) and an index whose meaning the dataset says."""

    item: int
    index: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that gives no samples here, and why."""

    item_id: str
    name: str
    reason: str


class FiducialDataset(ABC, Sequence[Sample]):
    """Samples are dictionaries:

    * ``image``: float32, channels first (``[C, H, W]`` or ``[C, D, H, W]``), modality values (CT: HU as the file
      says; colour:
      0..255). Nothing is windowed or normalised.
    * ``masks``: uint8 ``[class, ...]`` on the image's grid, 1 where ``class_names[class]`` is. With ``semantic=True``
      instead
      ``mask``: int64, 0 background and ``k + 1`` for class ``k``; ``facts["overlapping_pixels"]`` counts where
      classes overlap.
    * ``labels``: float32 ``[len(label_names)]``, 1 where the classification holds (for the item, or this frame).
    * ``annotations``: the labels with their geometry, as dictionaries.
    * ``facts``: what leads back: ``item_id``, ``name``, ``modality``, ``patient_id``, ``frame`` or ``axis`` and
      ``index``,
      ``voxel_to_patient`` (4 x 4 float64, (column, row, slice, 1) of this image to LPS mm, or None), ``spacing_mm``
      by image
      axis (D, H, W or H, W).

    ``skipped`` lists the items that gave no samples, each with its reason.
    """

    def __init__(self, snapshot: Snapshot, *, semantic: bool = False) -> None:
        self.snapshot = snapshot
        self.semantic = semantic
        every = [label for item in snapshot.items for label in item.labels]
        self.class_names: tuple[str, ...] = class_names(every)
        self.label_names: tuple[str, ...] = label_names(every)
        self.skipped: list[Skipped] = []
        self._places = tuple(self._find_places())
        self._open: OrderedDict[int, tuple[Header, npt.NDArray[Any], Layers]] = OrderedDict()

    @abstractmethod
    def _places_of(self, header: Header) -> int | str:
        """How many samples an item with these facts gives; or, as text, why none."""

    @abstractmethod
    def _sample(self, place: Place, header: Header, frames: npt.NDArray[Any], layers: Layers) -> Sample:
        """``image``, ``masks`` (``[class, ...]``), ``facts`` and the ``frames`` that the sample shows."""

    def _find_places(self) -> Iterator[Place]:
        for number, item in enumerate(self.snapshot.items):
            count = self._places_of(header_of(self.snapshot.path(item.file)))
            if isinstance(count, str):
                self.skipped.append(Skipped(item.id, item.name, count))
                continue
            yield from (Place(number, index) for index in range(count))

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Sample:  # type: ignore[override]
        place = self._places[index]
        item = self.snapshot.items[place.item]
        sample = self._sample(place, *self._opened(place.item))
        shown: range = sample.pop("frames")
        labels = [label for label in item.labels if label.frame is None or label.frame in shown]
        sample["labels"] = self._multi_hot(labels)
        sample["annotations"] = [as_dict(label) for label in labels]
        sample["facts"] = {**_facts(item), **sample["facts"]}
        if self.semantic:
            sample["mask"], sample["facts"]["overlapping_pixels"] = semantic(sample.pop("masks"))
        return sample

    def _multi_hot(self, labels: Sequence[LabelRecord]) -> npt.NDArray[np.float32]:
        present = {classification(label) for label in labels}
        return np.array([name in present for name in self.label_names], np.float32)

    def _opened(self, number: int) -> tuple[Header, npt.NDArray[Any], Layers]:
        if number not in self._open:
            item, root = self.snapshot.items[number], self.snapshot.root
            path = self.snapshot.path(item.file)
            frames = frames_of(path, item.sha256, root)
            layers = layers_of(item.labels, self.class_names, (frames.shape[0], frames.shape[1], frames.shape[2]), root)
            self._open[number] = (header_of(path), frames, layers)
            if len(self._open) > OPEN_ITEMS:
                self._open.popitem(last=False)
        self._open.move_to_end(number)
        return self._open[number]

    def __getstate__(self) -> dict[str, Any]:
        """Memory maps stay behind: each DataLoader worker opens its own."""
        return {**self.__dict__, "_open": OrderedDict()}

    def only(self, item_ids: Sequence[str]) -> Self:
        """The same dataset over these items; classes keep their places."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        kept = set(item_ids)
        other._places = tuple(p for p in self._places if self.snapshot.items[p.item].id in kept)
        other._open = OrderedDict()
        return other

    def split(
        self, by: SplitBy = "patient", seed: int = 0, fractions: Mapping[str, float] | None = None
    ) -> dict[str, Self]:
        """Datasets by set name; nobody's images are in two of them (see
        :func:`~fiducial.dataset.split.split_subjects`)."""
        return {name: self.only(ids) for name, ids in self.plan_split(by, seed, fractions).members.items()}

    def plan_split(self, by: SplitBy = "patient", seed: int = 0, fractions: Mapping[str, float] | None = None) -> Split:
        """The split itself, with its hash and the items whose patient is unknown."""
        subjects = [
            Subject(item.id, item.patient_id, item.study_uid, item.series_uid, item.sha256)
            for item in self.snapshot.items
        ]
        return split_subjects(subjects, by, seed, fractions)


def _facts(item: ItemRecord) -> dict[str, Any]:
    return {
        "item_id": item.id,
        "name": item.name,
        "modality": item.modality,
        "patient_id": item.patient_id,
        "sha256": item.sha256,
    }


def affine_of(header: Header) -> npt.NDArray[np.float64] | None:
    """The header's voxel-to-patient matrix as an array, or None."""
    return None if header.voxel_to_patient is None else np.array(header.voxel_to_patient, np.float64)
