"""Names that can be unpacked anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial_server.services.exports.names import Names, safe_name, split_ending


@given(st.text())
def test_every_name_is_one_safe_part_of_a_path(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert safe not in {".", ".."}
    assert not set(safe) & set('<>:"/\\|?*')
    assert safe.isprintable() or all(ord(one) >= 32 for one in safe)
    assert safe == safe.strip(" ")
    assert len(safe.encode("utf-8", "replace")) <= 122


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\a.dcm", "a.dcm"),
        ("..", "file"),
        ("", "file"),
        ("con.png", "_con.png"),
        ("LPT1", "_LPT1"),
        ("a\0b?.png", "a_b_.png"),
        ("scan.nii.gz", "scan.nii.gz"),
        ("größe 1.png", "größe 1.png"),
        ("x" * 300 + ".png", "x" * 116 + ".png"),
        ("evil\u202egnp.exe", "evil_gnp.exe"),
    ],
)
def test_names_that_were_known_to_hurt(given_name: str, safe: str) -> None:
    assert safe_name(given_name) == safe


@given(st.lists(st.sampled_from(["a.png", "A.PNG", "a-2.png", "a-3.png", "b.nii.gz", "b-2.nii.gz", "c"])))
def test_each_is_given_once(asked: list[str]) -> None:
    names = Names()
    given_names = [names.unique(name).casefold() for name in asked]
    assert len(set(given_names)) == len(given_names)
    assert [split_ending(one)[1] for one in given_names] == [split_ending(one)[1].casefold() for one in asked]


def test_thousands_of_one_name_do_not_get_slower() -> None:
    names = Names()
    assert [names.unique("a.png") for _ in range(3)] == ["a.png", "a-2.png", "a-3.png"]
    for _ in range(20_000):
        last = names.unique("a.png")
    assert last == "a-20003.png"
