"""One file of an upload with the masks that belong to it, from what a caller may write."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any, Literal

from fiducial.api.local_file import LocalFile, expanded, local_file
from fiducial.errors import FiducialError, Invalid

_LOGGER = logging.getLogger(__name__)
_KEYS = frozenset({"files", "names", "frame_index"})


@dataclass(frozen=True)
class MaskFile:
    """A mask on its way: a path or an array, what its values are called, and its frames where the caller says so."""

    source: Any
    name: Any = None
    frame_index: Any = None


@dataclass(frozen=True)
class UploadPart:
    """A file with its masks."""

    file: LocalFile
    masks: tuple[MaskFile, ...] = ()


def upload_parts(
    files_path: Any, segmentation_files: Any, levels: Sequence[int] | Literal["all"] | None, skip: bool
) -> list[UploadPart]:
    """All files, folders and patterns opened up. ``skip`` leaves out what cannot be read, with a warning.

    Invalid when ``segmentation_files`` does not have one entry per file, or an entry is not understood.
    """
    alone = isinstance(files_path, (str, Path)) or hasattr(files_path, "read") or hasattr(files_path, "save_as")
    things = expanded([files_path] if alone else files_path)
    masks = _masks_per_file(segmentation_files, len(things), alone)
    parts = []
    for thing, own in zip(things, masks, strict=True):
        try:
            parts.append(UploadPart(_named(thing, levels), own))
        except (OSError, FiducialError) as error:
            if not skip:
                raise
            _LOGGER.warning("%s was not uploaded: %s", thing, error)
    return parts


def _named(thing: Any, levels: Sequence[int] | Literal["all"] | None) -> LocalFile:
    file = local_file(thing)
    if levels is None or file.path is None:
        return file
    return replace(file, name=munged_name(file.path, levels))


def munged_name(path: Path, levels: Sequence[int] | Literal["all"]) -> str:
    """Folders of ``path`` as it was written and the file's name, joined by ``_``; folder 1 is the outermost.

    A number beyond the path's depth names nothing; ``.`` and ``..`` are no folders.
    """
    folders = [part for part in Path(os.path.normpath(path)).parts[:-1] if part not in {path.anchor, ".."}]
    if levels == "all":
        return "_".join([*folders, path.name])
    if isinstance(levels, (str, int)) or any(not isinstance(n, int) or n < 1 for n in levels):
        raise Invalid(f"mung_filename is 'all' or folder numbers from 1, not {levels!r}", field="mung_filename")
    return "_".join([*(folders[n - 1] for n in levels if n <= len(folders)), path.name])


def _masks_per_file(given: Any, count: int, alone: bool) -> Sequence[tuple[MaskFile, ...]]:
    if given is None:
        return [()] * count
    if alone and (isinstance(given, Mapping) or not any(isinstance(one, (list, tuple, Mapping)) for one in given)):
        given = [given]
    if len(given) != count:
        raise Invalid(f"segmentation_files has {len(given)} entries for {count} files", field="segmentation_files")
    return [() if one is None else tuple(_masks(one)) for one in given]


def _masks(given: Any) -> Iterator[MaskFile]:
    """The masks of one file. An empty place (None) in the list of mask files is passed over."""
    listed = given if isinstance(given, Mapping) else {"files": given}
    if "files" not in listed or set(listed) - _KEYS:
        raise Invalid(
            f"an entry of segmentation_files is a list of files, or has 'files', 'names' and 'frame_index', not {given!r}",
            field="segmentation_files",
        )
    files = listed["files"]
    files = list(files) if isinstance(files, (list, tuple)) else [files]
    names = _each(listed.get("names"), len(files), "names")
    frames = _each(listed.get("frame_index"), len(files), "frame_index")
    for file, name, frame in zip(files, names, frames, strict=False):
        if file is not None:
            yield MaskFile(file, name, frame)


def _each(given: Any, count: int, what: str) -> Any:
    """A list has one entry per mask file; anything else is said of each."""
    if not isinstance(given, (list, tuple)):
        return repeat(given)
    if len(given) != count:
        raise Invalid(
            f"segmentation_files: {what} has {len(given)} entries for {count} files", field="segmentation_files"
        )
    return given
