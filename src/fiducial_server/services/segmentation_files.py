"""Segmentation groups that come as files: YAML, JSON or CSV, read with the place of everything that is wrong.

Accepted, in YAML and JSON:

* a list of ``{identifier, index, color}`` (``name`` or ``label`` for the first, ``value`` for the second, ``colour``);
* a mapping of identifier to ``{index, color}``, as servers give it, or of identifier to index;
* either of them under ``definitions``, ``groups``, ``segmentation_group``, ``segmentationData`` or ``segmentation_data``,
  with ``segmentationValueType`` (``single_label`` or ``multi_label``) beside ``definitions``.

In CSV: a row for each segment under a header with ``identifier``, and any of ``index``, ``color``, or ``r, g, b`` (and
``a``) in columns of their own; separated by comma, semicolon or tab.

A colour is ``[r, g, b]`` or ``[r, g, b, a]`` from 0 to 255, ``#rrggbb`` or ``#rrggbbaa``. Index and colour may be missing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from fiducial.errors import Invalid, Unsupported
from fiducial_server.model.names import checked_name
from fiducial_server.model.ontology import MOST_INDEX, SegmentationType, SegmentDefinition

MOST_BYTES = 10 << 20
MOST_SEGMENTS = 10_000
ENDINGS = (".yaml", ".yml", ".csv", ".json")
_WRAPPERS = ("segmentationData", "segmentation_data", "segmentation_group", "groups", "definitions")
_NAMES = {"identifier": "identifier", "name": "identifier", "label": "identifier"}
_INDEX = {"index": "index", "value": "index"}
_COLOR = {"color": "color", "colour": "color"}
_PARTS = {"r": "r", "red": "r", "g": "g", "green": "g", "b": "b", "blue": "b", "a": "a", "alpha": "a"}
_ALIASES = {**_NAMES, **_INDEX, **_COLOR, **_PARTS}
_DEPTH = 8
_HEX = re.compile(r"#[0-9a-fA-F]{6}([0-9a-fA-F]{2})?")


@dataclass(frozen=True, slots=True)
class SegmentationFile:
    """What a file defines. ``kind`` None: it does not say whether segments may overlap."""

    kind: SegmentationType | None
    segments: tuple[SegmentDefinition, ...]


class _Map(dict[str, Any]):
    """A mapping that knows the line (from 1) it begins in; 0 where the format does not tell."""

    line: int = 0
    lines: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Entry:
    where: str
    given: Mapping[str, Any]


def read_segmentation_file(content: bytes, filename: str) -> SegmentationFile:
    """The definitions of a file, whose name's ending tells the format. Unsupported for another ending; Invalid names the
    line, row or entry and what is wrong there.
    """
    name = PurePath(filename).name[:80]
    ending = PurePath(filename).suffix.lower()
    if ending not in ENDINGS:
        raise Unsupported(f"{name!r} must end in one of {', '.join(ENDINGS)}", field="file")
    try:
        return _read(_text(content), ending)
    except Invalid as error:
        raise Invalid(f"{name}: {error.message}", **{"field": "file", **error.details}) from None


def _read(text: str, ending: str) -> SegmentationFile:
    if ending == ".csv":
        return _checked(None, list(_rows(text)))
    return _checked(*_entries(_json(text) if ending == ".json" else _yaml(text)))


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _wrong(f"line {line}", "it is not UTF-8 text") from None
    if not text.strip():
        raise Invalid("it is empty")
    if "\0" in text:
        raise _wrong(f"line {text[: text.index(chr(0))].count(chr(10)) + 1}", "a NUL character")
    return text


def _wrong(where: str, what: str) -> Invalid:
    return Invalid(f"{where}: {what}", where=where)


# -- formats --------------------------------------------------------------------------------------------------------------


def _json(text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> _Map:
        found = _Map(pairs)
        found.lines = {}
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise Invalid(f"it has {twice[:80]!r} twice in one object")
        return found

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise _wrong(f"line {error.lineno}", f"it is not JSON: {error.msg}") from None
    except RecursionError:
        raise Invalid("it is nested too deeply", field="file") from None


def _yaml(text: str) -> Any:
    """From YAML's events, not its composer: nothing is constructed, depth is bounded, and every word stays a text."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Composer().document(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise _wrong(f"line {line}", f"it is not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise Invalid(f"it is not YAML: {error}", field="file") from None


class _Composer:
    """YAML's events as mappings, lists and texts."""

    def document(self, events: Iterator[Any]) -> Any:
        import yaml

        found: list[Any] = []
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and found:
                raise _wrong(_where(event), "a second document")
            if isinstance(event, yaml.NodeEvent):
                found.append(self._node(event, events, 0))
        return found[0] if found else None

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Any:
        import yaml

        where = _where(event)
        if depth > _DEPTH:
            raise _wrong(where, "it is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            raise _wrong(where, f"the alias *{event.anchor} is not taken: write it out")
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            return None if plain and event.value in {"", "~", "null", "Null", "NULL"} else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._node(one, events, depth + 1) for one in _until(events, yaml.SequenceEndEvent)]
        return self._mapping(event, events, depth)

    def _mapping(self, event: Any, events: Iterator[Any], depth: int) -> _Map:
        import yaml

        found = _Map()
        found.line, found.lines = event.start_mark.line + 1, {}
        for key in _until(events, yaml.MappingEndEvent):
            where = _where(key)
            name = self._node(key, events, depth + 1)
            if not isinstance(name, str):
                raise _wrong(where, "a name must be a text")
            if name in found:
                raise _wrong(where, f"{name[:80]!r} is there twice")
            found.lines[name] = key.start_mark.line + 1
            found[name] = self._node(next(events), events, depth + 1)
        return found


def _where(event: Any) -> str:
    return f"line {event.start_mark.line + 1}"


def _until(events: Iterator[Any], end: type) -> Iterator[Any]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


def _rows(text: str) -> Iterator[_Entry]:
    first = text.lstrip("\r\n").splitlines()[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"row {reader.line_num}"
            if header is None:
                header = _header([cell.strip().lower() for cell in cells], where)
            elif len(cells) > len(header):
                raise _wrong(where, f"{len(cells)} cells under a header of {len(header)}")
            else:
                given = {name: cell.strip() or None for name, cell in zip(header, cells, strict=False)}
                yield _Entry(where, given)
    except csv.Error as error:
        raise _wrong(f"row {reader.line_num}", f"it is not CSV: {error}") from None


def _header(names: list[str], where: str) -> list[str]:
    unknown = [name for name in names if name not in _ALIASES]
    if unknown:
        raise _wrong(where, f"the column {unknown[0][:80]!r} is none of {', '.join(_ALIASES)}")
    found = [_ALIASES[name] for name in names]
    if len(set(found)) != len(found) or "identifier" not in found:
        raise _wrong(where, "the header needs one column 'identifier', and each other at most once")
    return found


# -- entries --------------------------------------------------------------------------------------------------------------


def _entries(tree: Any) -> tuple[SegmentationType | None, list[_Entry]]:
    kind: SegmentationType | None = None
    while isinstance(tree, _Map):
        kind = _kind(tree) or kind
        wrapper = next((name for name in _WRAPPERS if isinstance(tree.get(name), list | _Map)), None)
        if wrapper is None or "index" in tree[wrapper]:
            break
        tree = tree[wrapper]
    if isinstance(tree, list):
        return kind, [_listed(one, place) for place, one in enumerate(tree)]
    if isinstance(tree, _Map):
        return kind, [_mapped(tree, name) for name in tree if name != "segmentationValueType"]
    raise Invalid("it must hold a list of segments, or a mapping of identifiers to them")


def _kind(tree: _Map) -> SegmentationType | None:
    word = tree.get("segmentationValueType")
    if word is None:
        return None
    try:
        return SegmentationType(word)
    except ValueError:
        where = _line(tree.lines.get("segmentationValueType", 0), "segmentationValueType")
        raise _wrong(where, f"{str(word)[:80]!r} is none of {', '.join(SegmentationType)}") from None


def _line(line: int, otherwise: str) -> str:
    return f"line {line}" if line else otherwise


def _listed(one: Any, place: int) -> _Entry:
    if not isinstance(one, _Map):
        raise _wrong(f"entry {place + 1}", "a segment is a mapping of identifier, index and color")
    where = _line(one.line, f"entry {place + 1}")
    unknown = [name for name in one if name not in _ALIASES]
    if unknown:
        raise _wrong(where, f"{unknown[0][:80]!r} is none of {', '.join(_ALIASES)}")
    given = {_ALIASES[name]: value for name, value in one.items()}
    if len(given) != len(one):
        raise _wrong(where, "one thing is said under two names")
    return _Entry(where, given)


def _mapped(tree: _Map, name: str) -> _Entry:
    where = _line(tree.lines.get(name, 0), repr(name[:80]))
    value = tree[name]
    if isinstance(value, _Map):
        entry = _listed(value, 0)
        if "identifier" in entry.given:
            raise _wrong(where, "the identifier is said twice")
        return _Entry(where, {**entry.given, "identifier": name})
    return _Entry(where, {"identifier": name, "index": value})


def _checked(kind: SegmentationType | None, entries: list[_Entry]) -> SegmentationFile:
    if not entries:
        raise Invalid("it defines no segment")
    if len(entries) > MOST_SEGMENTS:
        raise Invalid(f"it defines {len(entries)} segments; {MOST_SEGMENTS} is the most")
    names: dict[str, str] = {}
    indices: dict[int, str] = {}
    segments = []
    for entry in entries:
        one = _definition(entry)
        if one.identifier in names:
            raise _wrong(entry.where, f"{one.identifier!r} is defined already, {names[one.identifier]}")
        if one.index is not None and one.index in indices:
            raise _wrong(entry.where, f"index {one.index} is given already, {indices[one.index]}")
        names[one.identifier] = entry.where
        if one.index is not None:
            indices[one.index] = entry.where
        segments.append(one)
    return SegmentationFile(kind, tuple(segments))


def _definition(entry: _Entry) -> SegmentDefinition:
    name = entry.given.get("identifier")
    if not isinstance(name, str) or not name.strip():
        raise _wrong(entry.where, "identifier is missing or no text")
    try:
        identifier = checked_name(name, "identifier")
    except Invalid as error:
        raise _wrong(entry.where, error.message) from None
    return SegmentDefinition(identifier, _index(entry), _color(entry))


def _index(entry: _Entry) -> int | None:
    given = entry.given.get("index")
    if given is None:
        return None
    found = _whole(given)
    if found is None or not 1 <= found <= MOST_INDEX:
        raise _wrong(entry.where, f"index must be a whole number from 1 to {MOST_INDEX}, not {str(given)[:40]!r}")
    return found


def _whole(given: Any) -> int | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    return int(given) if isinstance(given, str) and re.fullmatch(r"[0-9]{1,9}", given.strip()) else None


def _color(entry: _Entry) -> str | None:
    parts = [entry.given.get(name) for name in "rgba"]
    given = entry.given.get("color")
    if any(part is not None for part in parts):
        if given is not None:
            raise _wrong(entry.where, "the colour is said twice")
        given = parts if parts[3] is not None else parts[:3]
    if given is None:
        return None
    if isinstance(given, str) and _HEX.fullmatch(given.strip()):
        return given.strip().lower()
    listed = re.split(r"[\s,;]+", given.strip().strip("[]()").strip()) if isinstance(given, str) else given
    numbers = [_whole(part) for part in listed] if isinstance(listed, list) else []
    if len(numbers) not in {3, 4} or any(part is None or part > 255 for part in numbers):
        raise _wrong(entry.where, f"color must be #rrggbb or 3 or 4 numbers from 0 to 255, not {str(given)[:40]!r}")
    shown = numbers[:3] if numbers[3:] == [255] else numbers
    return "#" + "".join(f"{part:02x}" for part in shown)
