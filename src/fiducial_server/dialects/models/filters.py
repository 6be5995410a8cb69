"""MLflow's search filters: ``name LIKE 'a%' AND tags.`kind` = 'b'``, moved into a space of names.

Only what is understood passes. A filter that could mean something else to MLflow's own parser (comments, odd quotes) is
refused, so nobody can search beyond their space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fiducial.errors import Invalid
from fiducial_server.model.model_space import ModelSpace

_QUOTED = r"'[^'\\]*'|\"[^\"\\]*\""
_CLAUSE = re.compile(
    rf"""\s*(?P<left>\w+(?:\.(?:[\w./-]+|`[^`\\]*`|"[^"\\]*"))?|`[^`\\]*`)
    \s*(?P<op>!=|<=|>=|=|<|>|\b(?:NOT\s+)?(?:ILIKE|LIKE|IN)\b)
    \s*(?P<right>{_QUOTED}|-?\d+(?:\.\d+)?|\((?:\s*(?:{_QUOTED})\s*,?)+\))\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_AND = re.compile(r"AND\b", re.IGNORECASE)
_NAME = re.compile(r"(?:(?:attributes?|attr)\.)?[`\"]?name[`\"]?", re.IGNORECASE)
_ANY_PROJECT = "_" * 32 + "."
"""In a LIKE pattern every underscore stands for one character."""


def scoped(text: str | None, space: ModelSpace) -> str:
    """What finds in the registry what ``text`` finds among the names that are shown in ``space``."""
    clauses = [_moved(*clause, space) for clause in _clauses(text or "")]
    return " AND ".join([f"name LIKE '{space.prefix}%'", *clauses])


def organization_wide(text: str | None, space: ModelSpace) -> str:
    """The same over all projects of the organization."""
    clauses = [_widened(*clause, space) for clause in _clauses(text or "")]
    return " AND ".join([f"name LIKE '{space.organization_prefix}%'", *clauses])


def _clauses(text: str) -> Iterator[tuple[str, str, str]]:
    at = 0
    while text[at:].strip():
        found = _CLAUSE.match(text, at)
        if found is None or "--" in found["left"]:
            raise _wrong(text)
        yield found["left"], found["op"], found["right"]
        at = found.end()
        if at < len(text):
            more = _AND.match(text, at)
            if more is None or not text[more.end() :].strip():
                raise _wrong(text)
            at = more.end()


def _moved(left: str, op: str, right: str, space: ModelSpace) -> str:
    return _compared(left, op, right, space.prefix)


def _widened(left: str, op: str, right: str, space: ModelSpace) -> str:
    if _NAME.fullmatch(left):
        if op == "!=":
            raise Invalid(
                "names of all projects can be compared with = and LIKE only: give a project_id", field="filter"
            )
        op = "LIKE" if op == "=" else op
    return _compared(left, op, right, space.organization_prefix + _ANY_PROJECT)


def _compared(left: str, op: str, right: str, prefix: str) -> str:
    if not _NAME.fullmatch(left):
        return f"{left} {op} {right}"
    if right[0] not in "'\"":
        raise Invalid(f"a name is compared with a text in quotes, not {right[:80]}", field="filter")
    return f"name {op} {right[0]}{prefix}{right[1:]}"


def _wrong(text: str) -> Invalid:
    return Invalid(
        f"the filter {text[:200]!r} is not understood: comparisons like name = 'a', joined by AND, without backslashes",
        field="filter",
    )
