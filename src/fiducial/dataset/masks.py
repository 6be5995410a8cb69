"""Labels as masks on the grid of a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiducial.dataset.snapshot import LabelRecord
from fiducial.errors import Invalid
from fiducial.geometry.mask import Mask
from fiducial.geometry.nifti_mask import label_map_from_nifti
from fiducial.geometry.png import SIGNATURE, mask_from_png

SEGMENTATION = "segmentation"
Layers = tuple[Mapping[int, Mask], ...]
"""One per class: frame index -> mask of that frame. Frames without the class are absent."""


def class_names(labels: Iterable[LabelRecord]) -> tuple[str, ...]:
    """Names of what is segmented, sorted; a class's index in ``masks`` is its place here."""
    return tuple(sorted({label.identifier for label in labels if label.kind == SEGMENTATION and label.file}))


def label_names(labels: Iterable[LabelRecord]) -> tuple[str, ...]:
    """Names of classifications, sorted: ``identifier`` for flags, ``identifier=value`` for categories."""
    return tuple(sorted({name for label in labels if (name := classification(label)) is not None}))


def classification(label: LabelRecord) -> str | None:
    """The name of the class that a label says the item or frame has; None for labels that are not classifications."""
    if label.kind == "label":
        return label.identifier
    return f"{label.identifier}={label.value}" if label.kind == "category" else None


def layers_of(labels: Sequence[LabelRecord], classes: Sequence[str], shape: tuple[int, int, int], root: Path) -> Layers:
    """The item's masks as runs, by class and frame. ``shape`` is (frames, rows, columns).

    Several labels of one class (other authors, other parts) are united. A mask of another size raises Invalid.
    """
    layers: tuple[dict[int, Mask], ...] = tuple({} for _ in classes)
    place = {name: index for index, name in enumerate(classes)}
    for label in labels:
        if label.kind == SEGMENTATION and label.file and label.identifier in place:
            for frame, mask in _frames(label, root / label.file, shape).items():
                layer = layers[place[label.identifier]]
                layer[frame] = layer[frame].union(mask) if frame in layer else mask
    return layers


def _frames(label: LabelRecord, path: Path, shape: tuple[int, int, int]) -> Mapping[int, Mask]:
    body = path.read_bytes()
    if body.startswith(SIGNATURE):
        if label.frame is None and shape[0] != 1:
            raise Invalid(f"label {label.id}: a picture mask without a frame, on an item of {shape[0]} frames")
        return {label.frame or 0: mask_from_png(body, (shape[2], shape[1]))}
    found = label_map_from_nifti(body)
    if found.shape != shape:
        raise Invalid(f"label {label.id}: its volume is {found.shape}, the item's {shape} (slices, rows, columns)")
    frames: dict[int, Mask] = {}
    for volume in found.labels.values():
        for index, mask in volume.slices.items():
            frames[index] = frames[index].union(mask) if index in frames else mask
    return frames


def stack(layers: Layers, frames: range, height: int, width: int) -> npt.NDArray[np.uint8]:
    """``[class, frame, row, column]`` uint8, 1 where the class is, for the given frames."""
    out = np.zeros((len(layers), len(frames), height, width), np.uint8)
    for place, layer in enumerate(layers):
        for row, frame in enumerate(frames):
            if frame in layer:
                out[place, row] = layer[frame].to_array()
    return out


def semantic(masks: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int64], int]:
    """One class per pixel from ``[class, ...]``: int64, 0 background, ``k + 1`` class ``k``.

    Where classes overlap the last one stands; the second value counts those pixels, so that nobody has to guess.
    """
    out = np.zeros(masks.shape[1:], np.int64)
    for place in range(masks.shape[0]):
        out[masks[place] != 0] = place + 1
    return out, int((masks.sum(axis=0, dtype=np.int64) > 1).sum())


def as_dict(label: LabelRecord) -> dict[str, Any]:
    """A label as plain values, for losses that want the geometry itself."""
    return {
        "id": label.id,
        "identifier": label.identifier,
        "kind": label.kind,
        "frame": label.frame,
        "value": label.value,
        "geometry": label.geometry,
        "author": label.author,
    }
