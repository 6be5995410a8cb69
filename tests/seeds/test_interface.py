"""What counts as a difference between a documented signature and ours."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.seeds.interface import NoSuchNameError, differences, signature_differences, where
from tests.seeds.parser import Row


def _told(arguments: str, function: Callable[..., Any]) -> list[str]:
    return list(signature_differences(arguments, inspect.signature(function)))


SAME: list[tuple[str, Callable[..., Any]]] = [
    ("a, b=1", lambda a, b=1: None),
    ("a, b=1", lambda a, b=1, c=2: None),
    ("a, b=1", lambda a, b=1, *, c=2: None),
    ("*, a", lambda a: None),
    ("*, a, **data", lambda *, a, b, **extra: None),
    ("**data", lambda *, a, b=1: None),
    ("codes=[]", lambda codes=(): None),
    ("_Entity__context", lambda context: None),
    ("*args, a=True, **kwargs", lambda *args, a=True, **kwargs: None),
    ("*, a, b", lambda *, b, a: None),
]
DIFFERENT: list[tuple[str, Callable[..., Any], str]] = [
    ("a, b", lambda a: None, "no parameter b"),
    ("a, b", lambda b, a: None, "the order is b, a"),
    ("a=1", lambda a=2: None, "a=2, not 1"),
    ("a=1", lambda a: None, "a=nothing, not 1"),
    ("a=1", lambda a=True: None, "a=True, not 1"),
    ("a", lambda a=1: None, "a has the default 1"),
    ("a", lambda *, a: None, "a is keyword-only"),
    ("a", lambda a, b: None, "wants a further parameter b"),
    ("a, b=1", lambda a, c=0, b=1: None, "c stands before"),
    ("**kwargs", lambda: None, "takes no **kwargs"),
    ("*args", lambda args: None, "takes no *args"),
    ("_Entity__context", lambda: None, "takes no _Entity__context"),
]


@pytest.mark.parametrize(("arguments", "function"), SAME)
def test_the_same(arguments: str, function: Callable[..., Any]) -> None:
    assert _told(arguments, function) == []


@pytest.mark.parametrize(("arguments", "function", "told"), DIFFERENT)
def test_different(arguments: str, function: Callable[..., Any], told: str) -> None:
    assert any(told in one for one in _told(arguments, function)), _told(arguments, function)


def test_where_things_are() -> None:
    entities = "datamint.entities"
    assert where(Row("000", "class", entities, "User")) == "fiducial.entities.user:User"
    inherited = Row("000", "method", entities, "NiftiResource", "get_slice", arguments="axis, index")
    assert where(inherited) == "fiducial.entities.resource:Resource.get_slice"
    assert differences(inherited) == []
    with pytest.raises(NoSuchNameError, match="Nothing"):
        where(Row("000", "class", entities, "Nothing"))
    assert differences(Row("000", "method", entities, "CacheManager", "nothing")) == ["CacheManager has no nothing"]
    assert differences(Row("000", "property", entities, "User", "asdict")) == ["is no property"]
    assert differences(Row("000", "class variable", entities, "Resource", "resource_kind", value="'x'"))
