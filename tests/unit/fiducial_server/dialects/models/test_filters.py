"""Filters are moved into a space of names, or refused."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Invalid
from fiducial_server.dialects.models.filters import organization_wide, scoped
from fiducial_server.model.model_space import ModelSpace

SPACE = ModelSpace(str(uuid.UUID(int=1)), str(uuid.UUID(int=2)))
P = SPACE.prefix


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        (None, ""),
        ("", ""),
        ("  ", ""),
        ("name = 'a'", f" AND name = '{P}a'"),
        ('name="a b"', f' AND name = "{P}a b"'),
        ("name LIKE '%a%'", f" AND name LIKE '{P}%a%'"),
        ("attributes.name ilike 'A%'", f" AND name ilike '{P}A%'"),
        ("`name` != 'a'", f" AND name != '{P}a'"),
        ("tags.kind = 'b'", " AND tags.kind = 'b'"),
        ("tags.`my kind` = 'b' and name='a'", f" AND tags.`my kind` = 'b' AND name = '{P}a'"),
        ("creation_time > 5", " AND creation_time > 5"),
        ("run_id IN ('a', 'b')", " AND run_id IN ('a', 'b')"),
        ("tags.name = 'b'", " AND tags.name = 'b'"),
    ],
)
def test_moved(text: str | None, moved: str) -> None:
    assert scoped(text, SPACE) == f"name LIKE '{P}%'{moved}"


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name = a",
        "name = 5",
        "name IN ('a')",
        "name = 'a' OR name = 'b'",
        "name = 'a' AND",
        "AND name = 'a'",
        "name = 'a' -- rest",
        "name = 'a' /* rest */",
        "name = 'a'; DROP TABLE runs",
        r"name = 'a\' AND tags.x = '",
        "tags.a--b = 'x'",
        "(name = 'a')",
        "name = 'a' AND (name = 'b')",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Invalid):
        scoped(text, SPACE)


def test_over_the_whole_organization() -> None:
    org, anything = SPACE.organization_prefix, "_" * 32
    assert organization_wide(None, SPACE) == f"name LIKE '{org}%'"
    assert organization_wide("name = 'a'", SPACE) == f"name LIKE '{org}%' AND name LIKE '{org}{anything}.a'"
    with pytest.raises(Invalid, match="project_id"):
        organization_wide("name != 'a'", SPACE)


@given(st.text(alphabet="name LIKEAND='\"`-/*()%.\\tagsor;", max_size=60))
def test_nothing_gets_in_front_of_or_around_the_own_condition(text: str) -> None:
    try:
        moved = scoped(text, SPACE)
    except Invalid:
        return
    assert moved.startswith(f"name LIKE '{P}%'")
    rest = moved.removeprefix(f"name LIKE '{P}%'")
    outside = "".join(part for i, part in enumerate(_unquoted(rest)) if i % 2 == 0)
    assert " or " not in outside.lower()
    assert "--" not in outside
    assert "/*" not in outside
    assert ";" not in outside


def _unquoted(text: str) -> list[str]:
    """Text outside and inside quotes, by turns."""
    parts, quote, current = [], "", ""
    for character in text:
        if (quote and character == quote) or (not quote and character in "'\"`"):
            parts.append(current)
            quote, current = "" if quote else character, ""
        else:
            current += character
    return [*parts, current]
