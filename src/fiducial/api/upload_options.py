"""What a caller may say beside the files of an upload, checked before anything is sent."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from fiducial.api.local_file import LocalFile
from fiducial.errors import Invalid

_LOGGER = logging.getLogger(__name__)
_REPORTS = frozenset({"SR", "KO", "PR", "DOC"})


def as_sent(anonymize: bool, retain: Sequence[tuple[int, int]]) -> Callable[[LocalFile], LocalFile]:
    """What makes of a file the one that is sent: itself, or with ``anonymize`` the one without the patient.

    ``retain`` names DICOM elements (group, element) that stay.
    """
    if not anonymize:
        return lambda file: file
    from fiducial.api.anonymize import Anonymizer, anonymized

    anonymizer = Anonymizer(frozenset((int(group), int(element)) for group, element in retain))
    return lambda file: anonymized(file, anonymizer)


def same_length(name: str, given: Sequence[Any] | None, files: Sequence[Any]) -> None:
    if given is not None and len(given) != len(files):
        raise Invalid(f"{name} has {len(given)} entries for {len(files)} files", field=name)


def is_report(file: LocalFile) -> bool:
    header = file.header
    if header is None or header.frame_count or header.modality not in _REPORTS:
        return False
    _LOGGER.warning("%s is a DICOM report (%s) and is left out", file.name, header.modality)
    return True


def munged(file: LocalFile, levels: Sequence[int] | Literal["all"] | None) -> LocalFile:
    """The name with parts of the path in front, joined by ``_``: part n is the n-th folder from the root (1 is the first)."""
    if levels is None or file.path is None:
        return file
    folders = file.path.absolute().parts[1:-1]
    wanted = folders if levels == "all" else [folders[n - 1] for n in levels if 0 < n <= len(folders)]
    return replace(file, name="_".join((*wanted, file.name)))


def metadata_of(given: str | dict[str, Any] | None) -> dict[str, Any] | None:
    if given is None or isinstance(given, dict):
        return given
    text = given if given.lstrip().startswith("{") else Path(given).read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Invalid(f"metadata {given[:80]!r} is not JSON: {error}", field="metadata") from error
    if not isinstance(found, dict):
        raise Invalid(f"metadata {given[:80]!r} must be a JSON object", field="metadata")
    return found
