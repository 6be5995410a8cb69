"""Decoded pixels kept on disk, so that a slice is a memory-mapped read and every DataLoader worker shares the pages.

An item is decoded once, frame by frame (memory does not grow with it), into ``arrays/<sha256>.npy`` below the dataset's
root: modality values, float32 ``[frame, row, column]`` for grey, uint8 ``[frame, row, column, channel]`` for colour.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fiducial.errors import FiducialError
from fiducial.media.base import Header, Stage
from fiducial.media.registry import open_media, read_header

Array = npt.NDArray[np.generic]


def frames_of(path: Path, sha256: str, root: Path) -> Array:
    """The item's frames in modality values, memory-mapped and read-only; decoded on first use.

    Shape ``[frame, row, column]`` float32, or ``[frame, row, column, 3]`` uint8 RGB. Time points of a 4-D item follow
    each other, time slowest. Raises Damaged or Unsupported, naming the file.
    """
    target = root / "arrays" / f"{sha256}.npy"
    if not target.exists():
        _decode(path, target)
    frames: Array = np.load(target, mmap_mode="r", allow_pickle=False)
    return frames


def header_of(path: Path) -> Header:
    """The file's facts; an error names the file."""
    with path.open("rb") as source:
        try:
            return read_header(source)
        except FiducialError as error:
            raise type(error)(f"{path.name}: {error.message}", **error.details) from error


def _decode(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=target.parent, suffix=".part")
    os.close(handle)
    try:
        with path.open("rb") as source, open_media(source) as reader:
            _write_frames(reader, part)
        os.replace(part, target)  # whole or not at all; a second process doing the same writes the same
    except FiducialError as error:
        raise type(error)(f"{path.name}: {error.message}", **error.details) from error
    finally:
        Path(part).unlink(missing_ok=True)


def _write_frames(reader: object, part: str) -> None:
    frame = reader.frame(0, Stage.MODALITY)  # type: ignore[attr-defined]
    count: int = reader.header.frame_count  # type: ignore[attr-defined]
    out = np.lib.format.open_memmap(part, mode="w+", dtype=frame.dtype, shape=(count, *frame.shape))
    out[0] = frame
    for index in range(1, count):
        out[index] = reader.frame(index, Stage.MODALITY)  # type: ignore[attr-defined]
    out.flush()
