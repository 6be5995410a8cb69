"""What the recording hears: things made, called with what, and read; and which rows that is evidence for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.seeds import evidence, recording
from tests.seeds.parser import Row


class Thing:
    size = 3

    def verb(self, a: int, b: int = 1, *rest: int, **more: int) -> int:
        return a + b

    @staticmethod
    def load(path: str) -> str:
        return path


class Special(Thing):
    pass


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[recording.Heard]]:
    found: set[recording.Heard] = set()
    monkeypatch.setattr(recording, "_heard", found)
    for name, how in (("verb", None), ("load", Thing)):
        wrapped = recording._hearing(Thing.__dict__[name], name, "called", of=how)
        monkeypatch.setattr(Thing, name, staticmethod(wrapped) if how else wrapped)
    monkeypatch.setattr(Thing, "__init__", recording._hearing(Thing.__init__, "", "made"))
    monkeypatch.setattr(Thing, "__getattribute__", recording._reading(object.__getattribute__, frozenset({"size"})))
    return found  # type: ignore[return-value]


def test_what_is_heard(heard: set[recording.Heard]) -> None:
    thing = Special()
    assert thing.verb(1, c=5) == 2
    assert Thing.load("x") == "x"
    assert (Special, "made", "", "") in heard
    called = {parameter for kind, how, name, parameter in heard if (kind, how, name) == (Special, "called", "verb")}
    assert called == {"", "self", "a", "more", "c"}
    assert (Thing, "called", "load", "path") in heard
    assert (Special, "read", "size", "") not in heard
    assert thing.size == 3
    assert (Special, "read", "size", "") in heard
    with pytest.raises(TypeError):
        thing.verb()  # type: ignore[call-arg]


def test_what_was_not_there_was_not_read(heard: set[recording.Heard]) -> None:
    Thing.size, kept = 0, Thing.size
    del Thing.size
    with pytest.raises(AttributeError):
        Thing().size  # noqa: B018
    Thing.size = kept
    assert not any(how == "read" for _, how, _, _ in heard)


def test_a_kind_is_evidence_for_its_bases() -> None:
    from fiducial.entities import NiftiResource

    rows = [
        Row("000", "method", "datamint.entities", owner, "get_slice", arguments="axis, index")
        for owner in ("Resource", "VolumeResource", "NiftiResource", "DICOMResource")
    ]
    found = recording._Index(rows).rows({(NiftiResource, "called", "get_slice", "")})
    assert found == {f"000 {owner}.get_slice" for owner in ("Resource", "VolumeResource", "NiftiResource")}


def test_evidence_is_a_test_that_exists() -> None:
    here = "tests/seeds/test_recording.py"
    assert evidence.exists(f"{here}::test_evidence_is_a_test_that_exists")
    assert not evidence.exists(f"{here}::test_nothing")
    assert not evidence.exists("tests/seeds/test_none.py::test_nothing")
