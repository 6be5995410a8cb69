"""What a model found, as what is sent of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fiducial.api.annotation_item import fields_of
from fiducial.entities.annotations import Annotation, VolumeSegmentation
from fiducial.errors import Invalid

if TYPE_CHECKING:
    from fiducial.api.segmentation import NamedMask


@dataclass(frozen=True)
class PredictionPart:
    """One annotation of a prediction, with its mask if it has one; or a label map, of which the server makes annotations."""

    fields: Mapping[str, Any]
    mask: NamedMask | None = None
    volume: Any = None
    names: Mapping[int, str] | str | None = None
    """Of the values of ``volume``."""

    @property
    def is_volume(self) -> bool:
        return self.volume is not None


def prediction_parts(prediction: Annotation, facts: Mapping[str, Any], number: int) -> list[PredictionPart]:
    """In order; ``facts`` are said of each. ``number`` is the prediction's place. Invalid: a segmentation without its mask."""
    fields = {**fields_of(prediction), **facts}
    if not prediction.is_segmentation():
        return [PredictionPart(fields)]
    content = getattr(prediction, "segmentation_data", None)
    if content is None:
        where = f"predictions[{number}].segmentation_data"
        raise Invalid(f"{where} is missing: segmentation {prediction.identifier!r} has no mask", field=where)
    if isinstance(prediction, VolumeSegmentation) or prediction.is_image_scoped():
        names = getattr(prediction, "class_map", None) or prediction.identifier
        return [PredictionPart(fields, volume=content, names=names)]
    return _masks(prediction, fields, content)


def _masks(prediction: Annotation, fields: Mapping[str, Any], content: Any) -> list[PredictionPart]:
    from fiducial.api.segmentation import frames_of, named_masks

    frames = frames_of(content if isinstance(content, (str, Path)) else np.asarray(content))
    return [
        PredictionPart({**fields, "identifier": one.name, "scope": "frame", "frame_index": one.frame_index}, one)
        for one in named_masks(frames, prediction.identifier, prediction.frame_index)
    ]
