"""Every row of the wire's tables (§2.1-2.5, §6, §7.2), and the scenario in which a published client makes that call.

Two promises are kept here without any server: every scenario that a row names is there and calls the method; and no row of the
tables is missing. That the calls work, and what they do, is what the scenarios themselves test.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.compat.datamint.published import HERE, TODAYS
from tests.compat.datamint.rows import ELSEWHERE, MLFLOW, OLDER_METHODS, ROWS, WITHOUT_A_SERVER, Row
from tests.shared_data import SHARED_DATA

TABLES = SHARED_DATA.parent / "spec" / "datamint-wire.md"
needs_the_tables = pytest.mark.skipif(not TABLES.is_file(), reason=f"the description of the wire is not at {TABLES}")


# --- what a scenario calls ---------------------------------------------------------------------------------------------


@cache
def functions(module: str) -> dict[str, ast.FunctionDef]:
    """Functions of a scenario's file, by name; ``module`` is ``folder.file``."""
    tree = ast.parse((HERE / module.replace(".", "/")).with_suffix(".py").read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


@cache
def calls(module: str, name: str) -> frozenset[tuple[str, str]]:
    """(owner, method) of every call in a function and in the functions of its file that it calls."""
    done, waiting, found = set(), [name], set()
    while waiting:
        function = functions(module).get(waiting.pop())
        if function is None or function.name in done:
            continue
        done.add(function.name)
        aliases = dict(_aliases(function))
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Attribute):
                found.add((_named(call.func.value, aliases), call.func.attr))
            elif isinstance(call.func, ast.Name):
                waiting.append(call.func.id)
                method = aliases.get(call.func.id, "")
                found |= {tuple(method.split("."))} if "." in method else set()  # type: ignore[arg-type]
    return frozenset(found)


def _aliases(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """``sets`` for ``sets = client.annotationsets``; ``upload`` for ``upload = client.annotationsets.upload_annotations``."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        (target, value) = (node.targets[0], node.value)
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=True))
        for left, right in pairs:
            if isinstance(left, ast.Name) and isinstance(right, ast.Attribute):
                yield left.id, right.attr
            elif isinstance(left, ast.Name) and isinstance(right, ast.Call):
                yield left.id, _named(right, {})


def _named(node: ast.expr, aliases: dict[str, str]) -> str:
    """The last name of what a method is called on: ``projects`` of ``api(c).projects``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Call):
        return _named(node.func, aliases)
    return _named(node.value, aliases) if isinstance(node, ast.Subscript) else ""


DRIVES = [
    (row, call, scenario)
    for row in (*ROWS, *MLFLOW, *OLDER_METHODS)
    for call, scenarios in row.calls.items()
    for scenario in scenarios
]


@pytest.mark.parametrize(("row", "call", "scenario"), DRIVES, ids=str)
def test_the_scenario_makes_the_call(row: Row, call: str, scenario: str) -> None:
    module, _, name = scenario.rpartition(".")
    assert name in functions(module), f"{row}: there is no {scenario}"
    owner, _, method = call.rpartition(".")
    made = calls(module, name)
    assert any(method == m and owner in {o, "*"} for o, m in made), f"{row}: {scenario} never calls {call}"


def test_every_row_is_driven() -> None:
    for row in (*ROWS, *MLFLOW, *OLDER_METHODS):
        assert row.calls, row
        assert all(row.calls.values()), row


def test_every_method_of_a_row_is_driven() -> None:
    """The names in the first column, against the calls beside them."""
    for row in (*ROWS, *OLDER_METHODS):
        driven = {call.rpartition(".")[2] for call in row.calls}
        for name in row.methods():
            assert any(one.startswith(name) or one.endswith(name) for one in driven) or name in row.instead, (row, name)


# --- no row is missing -------------------------------------------------------------------------------------------------


def section(number: str) -> list[str]:
    """Lines of a section of the description, up to the next heading."""
    lines = TABLES.read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if re.match(rf"#+ {re.escape(number)}\.? ", line))
    end = next(i for i in range(begin + 1, len(lines)) if lines[i].startswith(("## ", "### ")))
    return lines[begin:end]


def first_column(number: str) -> list[str]:
    rows = [line for line in section(number) if line.startswith("| ") and not line.startswith("|-")]
    return [" ".join(line.split("|")[1].replace("`", "").split()) for line in rows[1:]]


@needs_the_tables
@pytest.mark.parametrize("number", ["2.1", "2.2", "2.3", "2.4", "2.5"])
def test_no_row_of_the_tables_is_missing(number: str) -> None:
    assert [row.title for row in ROWS if row.section == number] == first_column(number)


@needs_the_tables
def test_no_method_of_the_older_client_is_missing() -> None:
    assert [row.title for row in OLDER_METHODS] == first_column("7.2")


@needs_the_tables
def test_no_mlflow_call_is_missing() -> None:
    """``* name: `call, call``` and what is written between backticks in the other points below it."""
    told = []
    for line in section("6"):
        point = re.match(r"  \* ([`\w-]+)", line)
        if point:
            noun = point[1].strip("`")
            words = [word for text in re.findall(r"`([^`]*)`", line) for word in text.split(",")]
            told += [f"{noun} {word.strip()}" for word in words if re.fullmatch(r"\s*[a-z/{][\w/{}-]*\s*", word)]
    known = {row.title for row in MLFLOW}
    assert len(told) > 30, told
    assert [title for title in told if title not in known and title.split()[1] not in NO_CALLS] == []


NO_CALLS = {"project_id", "mlflow-artifacts"}
"""Words between backticks that are no calls."""


# --- nothing of the clients is missing either ---------------------------------------------------------------------------


@TODAYS.needed
def test_every_public_method_of_the_published_client_is_driven_or_needs_no_server() -> None:
    (folder,) = (TODAYS.python.parent.parent / "lib").glob("python3.*/site-packages/datamint/api/endpoints")
    driven = {call.rpartition(".")[2] for row in ROWS for call in row.calls}
    for path in sorted(folder.glob("*_api.py")):
        if path.name not in ELSEWHERE:
            missing = set(_public(path)) - driven - WITHOUT_A_SERVER.keys()
            assert not missing, f"{path.name}: {sorted(missing)}"


def _public(path: Path) -> Iterator[str]:
    classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    for node in (node for one in classes if one.name.endswith("Api") for node in one.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name
