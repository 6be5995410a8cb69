"""Every code and severity with which the source makes a finding, found by reading the source, not by running it.

``Finding("code", Severity.X, ...)`` is understood with the code as a literal, a constant of the module, a name that was
given one of several literals, a column of a literal table that is looped over, or a parameter of a function that is
called with literals. A finding that is made in another way stops the test: a code must be a word one can search for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Made:
    """One place that makes findings of this code. ``module`` is the path below the source folder."""

    code: str
    severity: str
    module: str


@dataclass(frozen=True)
class _Module:
    path: str
    tree: ast.Module


def findings_made(source: Path, *packages: str) -> set[Made]:
    """All of them, in the packages below ``source``."""
    found: set[Made] = set()
    for package in packages:
        for path in sorted((source / package).rglob("*.py")):
            module = _Module(path.relative_to(source).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
            found |= set(_of_module(module))
    return found


def _of_module(module: _Module) -> Iterator[Made]:
    _require_in_functions(module)
    for function in (node for node in ast.walk(module.tree) if isinstance(node, Function)):
        for call in _calls(function, "Finding"):
            assert len(call.args) >= 2, f"{module.path}:{call.lineno}: code and severity come first, without keywords"
            if not _is_copy(call.args[0]):
                for code, severity in _pairs(module, function, call.args[0], call.args[1]):
                    yield Made(code, severity, module.path)


def _require_in_functions(module: _Module) -> None:
    functions = [node for node in ast.walk(module.tree) if isinstance(node, Function)]
    inside = {call for function in functions for call in _calls(function, "Finding")}
    outside = [call.lineno for call in _calls(module.tree, "Finding") if call not in inside]
    assert not outside, f"{module.path}: findings that are made outside of functions, in lines {outside}"


def _calls(inside: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(inside):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _is_copy(code: ast.expr) -> bool:
    """``Finding(row.code, ...)`` and ``Finding(f["code"], ...)`` read back one that was made elsewhere."""
    return isinstance(code, ast.Attribute | ast.Subscript)


def _pairs(module: _Module, function: Function, code: ast.expr, severity: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(code, ast.Name) and isinstance(severity, ast.Name):
        yield from _looped(module, function, code.id, severity.id)
        return
    level = _severity(module, severity)
    codes = _codes(module, function, code)
    assert codes, f"{module.path}:{code.lineno}: a finding's code is not a literal: {ast.unparse(code)}"
    yield from ((word, level) for word in codes)


def _looped(module: _Module, function: Function, code: str, severity: str) -> Iterator[tuple[str, str]]:
    """``for name, code, severity in (("patient_id", "mixed-patients", Severity.ERROR), ...)``."""
    rows = 0
    for loop in (node for node in ast.walk(function) if isinstance(node, ast.For)):
        names = [e.id for e in getattr(loop.target, "elts", []) if isinstance(e, ast.Name)]
        if code in names and severity in names and isinstance(loop.iter, ast.Tuple | ast.List):
            for row in loop.iter.elts:
                assert isinstance(row, ast.Tuple | ast.List)
                word = _word(row.elts[names.index(code)])
                assert word is not None
                rows += 1
                yield word, _severity(module, row.elts[names.index(severity)])
    assert rows, f"{module.path}:{function.lineno}: no table of literals gives {code} and {severity}"


def _severity(module: _Module, node: ast.expr) -> str:
    is_member = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Severity"
    assert is_member, f"{module.path}:{node.lineno}: not a Severity: {ast.unparse(node)}"
    assert isinstance(node, ast.Attribute)
    return node.attr.lower()


def _codes(module: _Module, function: Function, code: ast.expr) -> list[str]:
    if (word := _word(code)) is not None:
        return [word]
    if not isinstance(code, ast.Name):
        return []
    parameters = [argument.arg for argument in function.args.args]
    if code.id in parameters:
        place = parameters.index(code.id)
        given = [call.args[place] for call in _calls(module.tree, function.name)]
        return [word for node in given for word in _codes(module, function, node)]
    return [*_assigned(function, code.id), *_assigned(module.tree, code.id, top=True)]


def _assigned(inside: ast.AST, name: str, top: bool = False) -> list[str]:
    """Literals that the name is given: ``x = "a"``, or ``x = "a" if ... else "b"``."""
    nodes = inside.body if top and isinstance(inside, ast.Module) else ast.walk(inside)
    values = [
        node.value
        for node in nodes
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
    ]
    chosen = [
        part for value in values for part in ((value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,))
    ]
    return [word for node in chosen if (word := _word(node)) is not None]


def _word(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
