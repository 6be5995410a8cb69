"""The documented interface as rows: every class, method, property, field, parameter and alias that a seed names.

A seed is the text of a documentation page made by Sphinx, so its own layout is the grammar:

* ``class package.module.Name(arguments)`` and ``exception …`` open a class; ``class Name(arguments)`` without a module is
  nested in the one before. Members are in alphabetical order, so the first one that goes back in the alphabet belongs to the
  outer class again.
* ``name(arguments)``, with ``static`` or ``classmethod`` before it, is a method; ``property name: type`` a property;
  ``name: type`` a field, with ``= value`` where it has one.
* a name alone on a line, between the class's line and its first member, is a field that the class's text describes.
* a dotted name alone on a line is an alias; ``alias of Literal[…]`` below it gives its values.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.shared_data import SHARED

_CLASS = re.compile(r"^(?:class|exception) (?:(?P<module>\w+(?:\.\w+)*)\.)?(?P<name>\w+)(?:\((?P<arguments>.*)\))?$")
_METHOD = re.compile(r"^(?P<how>static |classmethod )?(?P<name>[a-z_]\w*)\((?P<arguments>.*)\)$")
_PROPERTY = re.compile(r"^property (?P<name>\w+)(?:: .*)?$")
_FIELD = re.compile(r"^(?P<name>[a-z_]\w*): (?P<type>[A-Za-z_|\[\]., '…]+?)(?: = (?P<value>.+))?$")
_ALIAS = re.compile(r"^(?P<module>\w+(?:\.\w+)+)\.(?P<name>[A-Z]\w*)$")
_ALIAS_VALUES = re.compile(r"^alias of Literal\[(.*)\]")
_ALONE = re.compile(r"^[a-z_]\w*$")
_SECTIONS = frozenset(
    {"Parameters:", "Returns:", "Return type:", "Raises:", "Yields:", "Example", "Overloads:", "Type:"}
)
_ENDS_A_TYPE = frozenset({"Return type:", "Type:"})


@dataclass(frozen=True)
class Row:
    """One documented name.

    ``owner`` is the class (``module`` is the documented one) and ``member`` its method, property or field, both empty where
    they do not apply. ``name`` of a parameter is the parameter's own.
    """

    seed: str
    kind: str
    module: str
    owner: str
    member: str = ""
    name: str = ""
    arguments: str | None = None
    value: str | None = None
    described_only: bool = False
    """A field that only the class's text names; its constructor and its list of fields do not."""
    bases: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How the row is written in the table: ``Class.method(parameter)``."""
        text = ".".join(part for part in (self.owner, self.member) if part)
        return f"{text}({self.name})" if self.kind == "parameter" else text


@dataclass
class _Open:
    """The class that is being read."""

    module: str
    name: str
    last: str = ""
    in_text: bool = True
    outer: _Open | None = None
    fields: set[str] = field(default_factory=set)

    @property
    def path(self) -> str:
        return self.name if self.outer is None else f"{self.outer.path}.{self.name}"


def documented(text: str, seed: str = "") -> list[Row]:
    """Every name of one page, once, in its order."""
    rows: dict[tuple[str, str, str], Row] = {}
    for row in _Reader(text.splitlines(), seed).rows():
        known = rows.get((row.module, row.key, row.kind))
        if known is None or (known.described_only and not row.described_only):
            rows[row.module, row.key, row.kind] = row  # a field that is listed too: the list says more
    return list(rows.values())


def seeds() -> list[Path]:
    """The pages of the documented interface; none where the shared folder is not there."""
    return [path for number in ("000", "001", "002") for path in sorted((SHARED / "seeds").glob(f"{number}*.txt"))]


def all_rows() -> list[Row]:
    """Every name of the three pages."""
    return [row for path in seeds() for row in documented(path.read_text(encoding="utf-8"), path.name[:3])]


def parameters(arguments: str) -> ast.arguments:
    """A documented list of arguments, read as Python reads it; ``self`` and ``cls`` are never in it."""
    (function,) = ast.parse(f"def documented({arguments}): ...").body
    assert isinstance(function, ast.FunctionDef)
    return function.args


def parameter_names(arguments: str) -> list[str]:
    """The names, those of ``*args`` and ``**kwargs`` too."""
    found = parameters(arguments)
    several = [one for one in (found.vararg, found.kwarg) if one is not None]
    return [one.arg for one in (*found.posonlyargs, *found.args, *found.kwonlyargs, *several)]


class _Reader:
    def __init__(self, lines: list[str], seed: str) -> None:
        self.lines = lines
        self.seed = seed
        self.open: _Open | None = None
        self.section = ""

    def rows(self) -> Iterator[Row]:
        for number, line in enumerate(self.lines):
            if line in _SECTIONS:
                self.section = line
            elif line:
                yield from self._line(line, number)
                if self.section in _ENDS_A_TYPE:
                    self.section = ""

    def _line(self, line: str, number: int) -> Iterator[Row]:
        if found := _CLASS.match(line):
            yield from self._class(found, number)
        elif found := _ALIAS.match(line):
            yield self._alias(found, number)
        elif self.open is not None and self.section not in _ENDS_A_TYPE:
            yield from self._member(line)

    def _class(self, found: re.Match[str], number: int) -> Iterator[Row]:
        outer = None
        if found["module"] is None:
            if self.open is None:
                return  # prose that begins with the word
            outer = self.open
        module = outer.module if outer else found["module"]
        self.open = _Open(module, found["name"], outer=outer)
        self.section = ""
        arguments = found["arguments"]
        bases = self._bases(number)
        yield self._row("class", arguments=arguments, bases=bases)
        for name in parameter_names(arguments) if arguments else ():
            yield self._row("parameter", name=name)

    def _bases(self, number: int) -> tuple[str, ...]:
        following = next((line for line in self.lines[number + 1 : number + 3] if line), "")
        if not following.startswith("Bases: "):
            return ()
        return tuple(re.findall(r"(\w+)(?:\[[^\]]*\])?(?:, |$)", following.removeprefix("Bases: ")))

    def _alias(self, found: re.Match[str], number: int) -> Row:
        self.open = None
        values = next((m[1] for line in self.lines[number:] if (m := _ALIAS_VALUES.match(line))), None)
        plain = values.replace("‘", "'").replace("’", "'") if values else None
        return Row(self.seed, "alias", found["module"], found["name"], value=plain)

    def _member(self, line: str) -> Iterator[Row]:
        assert self.open is not None
        if found := _PROPERTY.match(line):
            yield self._owned("property", found["name"])
        elif (found := _METHOD.match(line)) and _is_arguments(found["arguments"]):
            how = (found["how"] or "").strip()
            yield self._owned(
                {"static": "static method", "classmethod": "class method"}.get(how, "method"),
                *found.group("name", "arguments"),
            )
            for name in parameter_names(found["arguments"]):
                yield self._row("parameter", member=found["name"], name=name)
        elif found := _FIELD.match(line):
            kind = "class variable" if found["type"].startswith("ClassVar") else "field"
            value = found["value"]
            yield self._owned(kind, found["name"], value=value)
        elif self.open.in_text and not self.section and _ALONE.match(line):
            yield self._row("field", member=line, described_only=True)

    def _owned(self, kind: str, name: str, arguments: str | None = None, value: str | None = None) -> Row:
        """A member, of the open class or of the one around it."""
        assert self.open is not None
        if name < self.open.last and self.open.outer is not None:
            self.open = self.open.outer
        self.open.last, self.open.in_text, self.section = name, False, ""
        return self._row(kind, member=name, arguments=arguments, value=value)

    def _row(self, kind: str, member: str = "", name: str = "", **more: object) -> Row:
        assert self.open is not None
        return Row(self.seed, kind, self.open.module, self.open.path, member, name, **more)  # type: ignore[arg-type]


def _is_arguments(text: str) -> bool:
    """Whether this is a list of arguments, and not a call in an example or a sentence with brackets."""
    try:
        found = parameters(text)
    except SyntaxError:
        return False
    return all(one.annotation is None for one in (*found.args, *found.kwonlyargs))
