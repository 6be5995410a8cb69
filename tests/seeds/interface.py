"""Where a documented name is in our package, and how it differs from its documentation there.

Ours may have further parameters, if no documented call means something else because of them: they have defaults, and come
after the documented ones or are keyword-only.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter
from typing import Any, get_args

from pydantic import BaseModel

from tests.seeds.parser import Row, parameters

_NOTHING = object()
_UNNAMED_BASES = frozenset({"object", "Generic"})


class NoSuchNameError(LookupError):
    """A documented name that our package does not have."""


def ours(row: Row) -> Any:
    """Our class, or alias, that the row is about or belongs to. :class:`NoSuchNameError` when there is none."""
    try:
        found: Any = import_module(row.module.replace("datamint", "fiducial", 1))
        for part in row.owner.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise NoSuchNameError(f"{row.module}.{row.owner}: {error}") from error
    return found


def where(row: Row) -> str:
    """``module:qualified name`` of what stands for the row. :class:`NoSuchNameError` when nothing does."""
    owner = ours(row)
    if row.kind == "alias":
        return f"{row.module.replace('datamint', 'fiducial', 1)}:{row.owner}"
    if not row.member:
        return f"{owner.__module__}:{owner.__qualname__}"
    home = _home(owner, row)
    return f"{home.__module__}:{home.__qualname__}.{row.member}"


def _home(owner: type, row: Row) -> type:
    """The class of ours that defines the member."""
    name = row.member
    for one in owner.__mro__:
        if name in vars(one) or name in vars(one).get("__annotations__", {}):
            return one
    if _kept_as_sent(owner) or _set_by_init(owner, name):
        return owner
    raise NoSuchNameError(f"{owner.__qualname__} has no {name}")


def _kept_as_sent(owner: type) -> bool:
    """Whether fields that the class does not declare are kept: how fields are there that the server may or may not send."""
    return issubclass(owner, BaseModel) and owner.model_config.get("extra") == "allow"


def _set_by_init(owner: Any, name: str) -> bool:
    return name in inspect.signature(owner.__init__).parameters


def differences(row: Row) -> list[str]:
    """What is not as documented, in words; nothing when all is."""
    try:
        where(row)
    except NoSuchNameError as error:
        return [str(error)]
    return list(_CHECKS.get(row.kind, _nothing)(row))


def _nothing(row: Row) -> Iterator[str]:
    yield from ()


def _class(row: Row) -> Iterator[str]:
    owner = ours(row)
    named = {one.__name__ for one in owner.__mro__}
    yield from (f"no base {base}" for base in row.bases if base not in named | _UNNAMED_BASES)
    if row.arguments is not None:
        yield from signature_differences(row.arguments, inspect.signature(owner))


def _method(row: Row) -> Iterator[str]:
    owner = ours(row)
    kind = {"static method": staticmethod, "class method": classmethod}.get(row.kind)
    static = inspect.getattr_static(owner, row.member)
    if kind is not None and not isinstance(static, kind):
        yield f"is no {row.kind}"
    bare = isinstance(static, staticmethod | classmethod)
    own = inspect.signature(getattr(owner, row.member) if bare else static)
    yield from signature_differences(row.arguments or "", own if bare else _rest(own))


def _rest(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _property(row: Row) -> Iterator[str]:
    if not isinstance(inspect.getattr_static(ours(row), row.member), property):
        yield "is no property"


def _class_variable(row: Row) -> Iterator[str]:
    """Documented entries are there; ours may have more (further aliases, further settings of pydantic)."""
    found, told = getattr(ours(row), row.member), ast.literal_eval(row.value or "None")
    if isinstance(told, dict):
        yield from (f"{name} is not {value!r}" for name, value in told.items() if found.get(name) != value)
    elif isinstance(told, tuple):
        yield from (f"{value!r} is not in it" for value in told if value not in found)
    elif found != told:
        yield f"is {found!r}, not {told!r}"


def _alias(row: Row) -> Iterator[str]:
    told, found = set(alias_values(row)), set(get_args(ours(row)))
    if told != found:
        yield f"is of {sorted(found)}, not of {sorted(told)}"


def alias_values(row: Row) -> tuple[str, ...]:
    return tuple(ast.literal_eval(f"[{row.value}]"))


_CHECKS = {
    "class": _class,
    "method": _method,
    "static method": _method,
    "class method": _method,
    "property": _property,
    "class variable": _class_variable,
    "alias": _alias,
}


@dataclass(frozen=True)
class _Documented:
    name: str
    kind: Any
    default: Any


def signature_differences(arguments: str, own: inspect.Signature) -> Iterator[str]:
    """How a signature of ours differs from a documented list of arguments: names, order, kinds, defaults."""
    told = list(_documented(parameters(arguments)))
    found = dict(own.parameters)
    shared = [name for name in found if any(one.name == name for one in told)]
    for one in told:
        if one.kind in {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD}:
            if not any(_takes(other, one.kind) for other in found.values()):
                yield f"takes no {'*' if one.kind == Parameter.VAR_POSITIONAL else '**'}{one.name}"
        elif one.name.startswith("_"):
            if not found:  # a private name: where it stands is all that a caller can know
                yield f"takes no {one.name}"
        elif one.name not in found:
            yield f"no parameter {one.name}"
        else:
            yield from _parameter_differences(one, found[one.name])
    in_order = [one.name for one in told if one.name in found]
    if shared != in_order and not all(one.kind == Parameter.KEYWORD_ONLY for one in told if one.name in found):
        yield f"the order is {', '.join(shared)}"
    yield from _further(told, list(found.values()))


def _takes(own: Parameter, several: Any) -> bool:
    """Whether it takes (some of) the documented ``*args`` or ``**data``: named fields are such data."""
    return own.kind == several or (several == Parameter.VAR_KEYWORD and own.kind == Parameter.KEYWORD_ONLY)


def _parameter_differences(told: _Documented, own: Parameter) -> Iterator[str]:
    accepted = {told.kind}
    if told.kind == Parameter.KEYWORD_ONLY:
        accepted.add(Parameter.POSITIONAL_OR_KEYWORD)
    if own.kind not in accepted:
        yield f"{told.name} is {own.kind.description}, not {told.kind.description}"
    default = _NOTHING if own.default is Parameter.empty else own.default
    if told.default is _NOTHING and default is not _NOTHING:
        yield f"{told.name} has the default {default!r}; the documentation has none"
    elif told.default is not _NOTHING and not _same(told.default, default):
        yield f"{told.name}={'nothing' if default is _NOTHING else repr(default)}, not {told.default!r}"


def _same(told: Any, own: Any) -> bool:
    """An empty list in a documented signature may be an empty tuple here, which nobody can change."""
    return bool(told == own and type(told) is type(own)) or (told == [] and own == ())


def _further(told: list[_Documented], found: list[Parameter]) -> Iterator[str]:
    names = {one.name for one in told}
    private = any(one.name.startswith("_") for one in told)
    any_name = any(one.kind == Parameter.VAR_KEYWORD for one in told)
    after_all = False
    for own in reversed(found):
        if own.name in names:
            after_all = after_all or own.kind == Parameter.POSITIONAL_OR_KEYWORD
        elif own.kind in {Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD} or private:
            continue
        elif any_name and own.kind == Parameter.KEYWORD_ONLY:
            continue  # the documentation's ``**data`` covers it
        elif own.default is Parameter.empty:
            yield f"wants a further parameter {own.name}"
        elif after_all and own.kind != Parameter.KEYWORD_ONLY:
            yield f"the further parameter {own.name} stands before documented ones"


def _documented(found: ast.arguments) -> Iterator[_Documented]:
    positional = [*found.posonlyargs, *found.args]
    padding = [None] * (len(positional) - len(found.defaults))
    for one, default in zip(positional, [*padding, *found.defaults], strict=True):
        yield _Documented(one.arg, Parameter.POSITIONAL_OR_KEYWORD, _value(default))
    if found.vararg:
        yield _Documented(found.vararg.arg, Parameter.VAR_POSITIONAL, _NOTHING)
    for one, default in zip(found.kwonlyargs, found.kw_defaults, strict=True):
        yield _Documented(one.arg, Parameter.KEYWORD_ONLY, _value(default))
    if found.kwarg:
        yield _Documented(found.kwarg.arg, Parameter.VAR_KEYWORD, _NOTHING)


def _value(default: ast.expr | None) -> Any:
    return _NOTHING if default is None else ast.literal_eval(default)
