"""A pytest plugin that hears which documented names a test uses: ``pytest -p tests.seeds.recording`` (scripts/record-seeds).

While it is loaded, the documented classes report what happens to them: which are made and with which fields, which methods
are called and with which arguments given, which fields and properties are read. What a test that passed used, becomes
``evidence.json``. Nothing of this is loaded in other runs.
"""

from __future__ import annotations

import functools
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from tests.seeds import evidence
from tests.seeds.interface import NoSuchNameError, alias_values, ours
from tests.seeds.parser import Row, all_rows

Heard = tuple[type, str, str, str]
"""Of which type; ``made``, ``called`` or ``read``; the member; the parameter given, empty for the thing itself."""

_heard: set[Heard] = set()
_MADE, _CALLED, _READ = "made", "called", "read"
_CONTEXT = "_BaseEntity__context"
_ALIAS_IS_USED_AS = {"ResourceFields": "order_field", "ResourceStatus": "status"}


# ---- hearing


def _listen(rows: list[Row]) -> None:
    for module in ("fiducial.entities", "fiducial.api.client", "fiducial.api.endpoints"):
        import_module(module)
    owners: dict[type, set[str]] = defaultdict(set)
    for row in rows:
        owner = _owner(row)
        if owner is not None:
            owners[owner] |= {row.member} if row.kind.endswith("method") else set()
    readable = frozenset(row.member for row in rows if row.kind in {"field", "property", "class variable"})
    for owner, methods in owners.items():
        for one in {*owner.__mro__, *_subclasses(owner)}:
            if one.__module__.partition(".")[0] == "fiducial":
                for name in methods & set(vars(one)):
                    _wrap(one, name)
        _wrap_making(owner)
        _wrap_reading(owner, readable)


def _owner(row: Row) -> type | None:
    try:
        found = ours(row)
    except NoSuchNameError:
        return None
    return found if isinstance(found, type) else None


def _subclasses(owner: type) -> Iterator[type]:
    below: list[type] = type.__subclasses__(owner)
    for one in below:
        yield one
        yield from _subclasses(one)


def _wrap(owner: type, name: str) -> None:
    static = inspect.getattr_static(owner, name)
    bare = static.__func__ if isinstance(static, staticmethod | classmethod) else static
    if not callable(bare) or getattr(bare, "hears", False):
        return
    if isinstance(static, staticmethod):
        setattr(owner, name, staticmethod(_hearing(bare, name, _CALLED, of=owner)))
    elif isinstance(static, classmethod):
        setattr(owner, name, classmethod(_hearing(bare, name, _CALLED)))
    else:
        setattr(owner, name, _hearing(bare, name, _CALLED))


def _wrap_making(owner: type) -> None:
    if not getattr(owner.__init__, "hears", False) or "__init__" not in vars(owner):  # type: ignore[misc]
        setattr(owner, "__init__", _hearing(owner.__init__, "", _MADE))  # type: ignore[misc] # noqa: B010


def _hearing(function: Callable[..., Any], name: str, how: str, of: type | None = None) -> Callable[..., Any]:
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        kind = of or (args[0] if isinstance(args[0], type) else type(args[0]))
        _heard.add((kind, how, name, ""))
        for given in _given(signature, args, kwargs):
            _heard.add((kind, how, name, given))
        if name == "model_post_init":
            unknown = ["data"] if args[0].__pydantic_extra__ else []
            _heard.update((kind, _MADE, "", field) for field in ("", *args[0].model_fields_set, *unknown))
            _heard.add((kind, how, name, _CONTEXT))
        return function(*args, **kwargs)

    wrapper.hears = True  # type: ignore[attr-defined]
    return wrapper


def _given(signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[str]:
    try:
        bound = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return  # the call itself will say so
    for name, value in bound.items():
        kind = signature.parameters[name].kind
        if kind not in {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}:
            yield name
        elif value:
            yield name
            yield from value if kind == inspect.Parameter.VAR_KEYWORD else ()


def _wrap_reading(owner: type, names: frozenset[str]) -> None:
    for hook in ("__getattribute__", "__getattr__"):
        original = getattr(owner, hook, None)
        if original is not None and not getattr(original, "hears", False):
            setattr(owner, hook, _reading(original, names))


def _reading(original: Callable[[Any, str], Any], names: frozenset[str]) -> Callable[[Any, str], Any]:
    def read(self: Any, name: str) -> Any:
        value = original(self, name)
        if name in names:
            _heard.add((type(self), _READ, name, ""))
        return value

    read.hears = True  # type: ignore[attr-defined]
    return read


# ---- from what was heard to rows


class _Index:
    """Which rows are exercised by what was heard."""

    def __init__(self, rows: list[Row]) -> None:
        self._wanted: dict[tuple[str, str, str], list[tuple[type, str]]] = defaultdict(list)
        for row in rows:
            for key, owner in _wanted(row, rows):
                self._wanted[key].append((owner, evidence.row_id(row)))
        self._rows = functools.cache(self._rows_of)

    def rows(self, heard: set[Heard]) -> set[str]:
        return {row for one in heard for row in self._rows(one)}

    def _rows_of(self, heard: Heard) -> tuple[str, ...]:
        kind, *key = heard
        return tuple(row for owner, row in self._wanted.get(tuple(key), ()) if issubclass(kind, owner))  # type: ignore[arg-type]


def _wanted(row: Row, rows: list[Row]) -> Iterator[tuple[tuple[str, str, str], type]]:
    if row.kind == "alias":
        handler = next(_owner(other) for other in rows if other.owner == "APIHandler")
        if handler is not None and alias_values(row):
            yield (_CALLED, "get_resources", _ALIAS_IS_USED_AS[row.owner]), handler
        return
    owner = _owner(row)
    if owner is None:
        return
    if row.kind in {"class", "parameter"} and not row.member:
        yield (_MADE, "", row.name), owner
    elif row.kind in {"field", "property", "class variable"}:
        yield (_READ, row.member, ""), owner
    else:
        yield (_CALLED, row.member, row.name), owner


class Recorder:
    """Takes what each test used, if it passed."""

    def __init__(self) -> None:
        rows = all_rows()
        if not rows:
            raise pytest.UsageError("there is nothing to record: the seeds are not there (set FIDUCIAL_SHARED)")
        _listen(rows)
        self.index = _Index(rows)
        self.found: dict[str, set[str]] = defaultdict(set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        _heard.clear()
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            test = report.nodeid.partition("[")[0]
            for row in self.index.rows(_heard):
                self.found[row].add(test)

    def pytest_sessionfinish(self) -> None:
        evidence.add(self.found)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # the workers hear; the process that hands out the tests does not run any
    config.pluginmanager.register(Recorder(), "fiducial-seeds")
