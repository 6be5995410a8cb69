"""A media header as JSON and back, so that closing a series needs no file to be read again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from fiducial.media.base import Finding, Header, MediaKind, Severity

_PLAIN = tuple(f for f in fields(Header) if f.name not in {"kind", "findings", "metadata"})


def header_to_json(header: Header) -> dict[str, Any]:
    """Every fact that is not the default."""
    facts: dict[str, Any] = {"kind": str(header.kind)}
    for field in _PLAIN:
        value = getattr(header, field.name)
        if field.default is MISSING or value != field.default:
            facts[field.name] = finite(value)
    if header.metadata:
        facts["metadata"] = finite(header.metadata)
    if header.findings:
        facts["findings"] = [
            {"code": f.code, "severity": str(f.severity), "message": f.message, "evidence": finite(f.evidence)}
            for f in header.findings
        ]
    return facts


def header_from_json(facts: Mapping[str, Any]) -> Header:
    """The header that :func:`header_to_json` was given; lists that JSON made of tuples are tuples again."""
    values = {field.name: facts[field.name] for field in _PLAIN if field.name in facts}
    if values.get("spacing_zyx_mm") is not None:
        values["spacing_zyx_mm"] = tuple(values["spacing_zyx_mm"])
    if values.get("voxel_to_patient") is not None:
        values["voxel_to_patient"] = tuple(tuple(row) for row in values["voxel_to_patient"])
    found = tuple(
        Finding(f["code"], Severity(f["severity"]), f["message"], f["evidence"]) for f in facts.get("findings", ())
    )
    return Header(kind=MediaKind(facts["kind"]), metadata=facts.get("metadata", {}), findings=found, **values)


def finite(value: Any) -> Any:
    """The same JSON with null for what JSON has no word for: NaN and infinities (RFC 8259, section 6)."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value if _is_sound(value) else value.encode("utf-8", "replace").decode().replace("\x00", "�")
    if isinstance(value, Mapping):
        return {str(key): finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [finite(part) for part in value]
    return value


def _is_sound(text: str) -> bool:
    """Text that every database takes: no NUL, no lone surrogate."""
    return (text.isascii() and "\x00" not in text) or not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in text)
