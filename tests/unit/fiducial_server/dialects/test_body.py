"""JSON fields are taken strictly and refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fiducial.errors import Invalid
from fiducial_server.dialects.datamint.body import Fields, decode, json_array, json_object


@pytest.mark.parametrize("text", [b"", b"{", b"[1,", b"nope", b'{"a": 1} x', b"\xff"])
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="JSON"):
        decode(text, "the body")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_has_not_are_named(number: str) -> None:
    with pytest.raises(Invalid, match="finite"):
        decode(f'{{"points": [[{number}, 0]]}}', "the body")


def test_deep_nesting_is_refused_and_not_a_crash() -> None:
    with pytest.raises(Invalid):
        decode(b"[" * 100_000, "the body")


def test_objects_and_arrays_are_told_apart() -> None:
    with pytest.raises(Invalid, match="JSON object, not an array"):
        json_object([])
    with pytest.raises(Invalid, match="JSON array, not an object"):
        json_array({})


@pytest.mark.parametrize(
    "take",
    [
        lambda f: f.text("a"),
        lambda f: f.required_text("b"),
        lambda f: f.flag("a"),
        lambda f: f.whole("c"),
        lambda f: f.id("d"),
        lambda f: f.texts("a"),
        lambda f: f.ids("e"),
        lambda f: f.objects("e"),
        lambda f: f.object("e"),
    ],
)
def test_a_wrong_field_is_refused_by_its_place_and_name(take: Callable[[Fields], Any]) -> None:
    with pytest.raises(Invalid, match=r"^\[3\]\."):
        take(Fields({"a": 5, "c": 1.5, "d": "x", "e": ["x"]}, "[3]"))


def test_null_and_missing_are_the_same_and_digits_may_be_text() -> None:
    fields = Fields({"a": None, "offset": "5", "limit": 10.0})
    assert fields.text("a") is None
    assert fields.texts("b") == ()
    assert fields.whole("offset") == 5
    assert fields.whole("limit") == 10
