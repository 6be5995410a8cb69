"""Masks that are to be uploaded: from a picture or an array to one binary mask per name and frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fiducial.errors import Invalid, Unsupported

Names = str | Mapping[Any, str] | None
"""One name, or names by grey value or (red, green, blue); the key ``"default"`` names what is not listed."""

Pixels = npt.NDArray[Any]
_COLOURS = 3
MAX_VALUES = 2048


@dataclass(frozen=True)
class NamedMask:
    """A binary mask ``[row, column]`` of the whole image."""

    name: str
    frame_index: int
    mask: npt.NDArray[np.bool_]

    def png(self) -> bytes:
        from fiducial.geometry.mask import Mask
        from fiducial.geometry.png import mask_to_png

        return mask_to_png(Mask.from_array(self.mask))


def frames_of(source: str | Path | Pixels, transpose: bool = False) -> list[Pixels]:
    """Frames ``[row, column]`` (grey) or ``[row, column, 3]`` from a picture's path or an array.

    Arrays are ``[row, column]``, ``[row, column, frame]`` or ``[3, row, column, frame]``; ``transpose`` says that rows and
    columns are swapped in it.
    """
    frames = _from_array(source) if isinstance(source, np.ndarray) else _from_picture(Path(source))
    return [np.swapaxes(frame, 0, 1) for frame in frames] if transpose else frames


def _from_array(array: Pixels) -> list[Pixels]:
    if array.dtype.kind not in "buif":
        raise Invalid(f"a segmentation array holds numbers, not {array.dtype}", field="file_path")
    if array.ndim == 2:
        return [array]
    if array.ndim == 3:
        return [array[:, :, n] for n in range(array.shape[2])]
    if array.ndim == 4 and array.shape[0] == _COLOURS:
        return [np.moveaxis(array[..., n], 0, -1) for n in range(array.shape[3])]
    raise Invalid(
        "a segmentation array is [row, column], [row, column, frame] or [3, row, column, frame], "
        f"not of shape {list(array.shape)}",
        field="file_path",
    )


def _from_picture(path: Path) -> list[Pixels]:
    from PIL import Image, ImageSequence

    if path.name.lower().endswith((".nii", ".nii.gz")):
        raise Invalid(f"{path.name} is a volume: use upload_volume_segmentation", field="file_path")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with Image.open(path) as image:
            return [_pixels(frame) for frame in ImageSequence.Iterator(image)]
    except (OSError, SyntaxError, ValueError) as error:
        raise Invalid(f"{path.name} is not a readable picture: {error}", field="file_path") from error


def _pixels(image: Any) -> Pixels:
    """Palette pictures keep their indices: in a label picture these are the values."""
    if image.mode in {"1", "L", "P", "I", "I;16", "F"}:
        return np.array(image)
    return np.array(image.convert("RGB"))


def named_masks(
    frames: Sequence[Pixels], names: Names, frame_index: int | Sequence[int] | None, keep_empty: bool = False
) -> Iterator[NamedMask]:
    """One mask per name and frame; 0 (black) is background. Values that share a name share a mask.

    A value without a name is called by the value (``"3"``, ``"255_0_0"``), under ``names`` behind it when that is one text
    and there are several values. ``keep_empty`` gives empty frames an empty mask of every name (one text: that one).
    """
    indices = _indices(frame_index, len(frames))
    several = isinstance(names, str) and len({v for frame in frames for v in _values(frame)}) > 1
    for index, frame in zip(indices, frames, strict=True):
        found: dict[str, npt.NDArray[np.bool_]] = {}
        for value in _values(frame):
            name = _name(value, names, several)
            mask = _where(frame, value)
            found[name] = found[name] | mask if name in found else mask
        if not found and keep_empty:
            found = {name: np.zeros(frame.shape[:2], np.bool_) for name in _all_names(names)}
        for name, mask in found.items():
            yield NamedMask(name, index, mask)


def _indices(given: int | Sequence[int] | None, count: int) -> Sequence[int]:
    if given is None:
        return range(count)
    indices = [given] if isinstance(given, int) else list(given)
    if len(indices) != count:
        raise Invalid(f"frame_index names {len(indices)} frames, and the segmentation has {count}", field="frame_index")
    if len(set(indices)) != count:
        raise Invalid("frame_index names a frame twice", field="frame_index")
    return indices


Value = tuple[int, ...]


def _values(frame: Pixels) -> list[Value]:
    """Distinct values that are not background, as tuples of 1 or 3 numbers."""
    if frame.dtype.kind == "f" and not np.array_equal(frame, np.round(frame)):
        raise Invalid("a segmentation holds whole numbers; this one has fractions", field="file_path")
    flat = frame.reshape(-1, frame.shape[2]) if frame.ndim == _COLOURS else frame.reshape(-1, 1)
    distinct = np.unique(flat, axis=0) if flat.shape[1] > 1 else np.unique(flat)[:, None]
    if len(distinct) > MAX_VALUES:
        raise Unsupported(
            f"the segmentation has {len(distinct)} distinct values, over {MAX_VALUES}: is it a photograph? "
            "Save masks without lossy compression"
        )
    return [tuple(int(v) for v in value) for value in distinct if value.any()]


def _where(frame: Pixels, value: Value) -> npt.NDArray[np.bool_]:
    if frame.ndim == _COLOURS:
        return np.asarray((frame == np.array(value)).all(axis=2))
    return np.asarray(frame == value[0])


def _name(value: Value, names: Names, several: bool) -> str:
    told = "_".join(str(v) for v in value)
    if names is None:
        return told
    if isinstance(names, str):
        return f"{names}_{told}" if several else names
    for key in _keys(value):
        if key in names:
            return names[key]
    return names.get("default", told)


def _keys(value: Value) -> list[Any]:
    """A grey value may be named by itself or as a colour of three equal parts, and a grey colour by its part."""
    if len(value) == 1:
        return [value[0], value * _COLOURS, value]
    return [value, value[0]] if len(set(value)) == 1 else [value]


def _all_names(names: Names) -> list[str]:
    if isinstance(names, str):
        return [names]
    return list(dict.fromkeys((names or {}).values()))
