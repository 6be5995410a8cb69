"""Names of values from JSON and CSV."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiducial.cli.value_names import read_names
from fiducial.errors import Invalid

WANTED = {1: "liver", (255, 0, 0): "tumour", "default": "other"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("n.json", '{"1": "liver", "255,0,0": "tumour", "default": "other"}'),
        ("n.csv", 'value,name\n1,liver\n"255, 0, 0",tumour\n\nDefault, other\n'),
        ("n.csv", "1,liver\n(255 0 0),tumour\ndefault,other\n"),
    ],
)
def test_both_forms_say_the_same(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert read_names(tmp_path / name) == WANTED


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("n.json", "{", "not JSON"),
        ("n.json", "[]", "an object"),
        ("n.json", "{}", "names no value"),
        ("n.json", '{"x": "liver"}', "'x' is no whole number"),
        ("n.json", '{"1": 5}', "the name is missing"),
        ("n.json", '{"1": "a", " 1": "b"}', "has a name already"),
        ("n.csv", "1,liver\n2\n", "row 2: 1 cells"),
        ("n.csv", "1,liver\n2,\n", "row 2: the name is missing"),
        ("n.csv", "1,2,3\n", "row 1: 3 cells"),
        ("n.csv", "-1,a\n", "row 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(Invalid, match=reason):
        read_names(tmp_path / name)
