"""Which test exercises which documented name: ``evidence.json``, written by a recorded run of the tests."""

from __future__ import annotations

import ast
import fcntl
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from tests.seeds.parser import Row

ROOT = Path(__file__).parents[2]
PATH = Path(__file__).with_name("evidence.json")
_ONLY_IF_NOTHING_ELSE = ("tests/unit/docs/", "tests/seeds/")
"""The documentation's snippets run, but do not say what must come out."""


def row_id(row: Row) -> str:
    """What names a row in ``evidence.json``."""
    return f"{row.seed} {row.key}"


def read() -> dict[str, str]:
    """Row to test, as recorded last; a test that is no longer there is no evidence."""
    return {row: test for row, test in _stored().items() if exists(test)}


def _stored() -> dict[str, str]:
    return dict(json.loads(PATH.read_text(encoding="utf-8"))) if PATH.exists() else {}


def add(found: Mapping[str, Iterable[str]]) -> None:
    """Take the tests of a recorded run over, row by row; several processes of one run may do so at once."""
    with PATH.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = {row: {test} for row, test in read().items()}
        for row, tests in found.items():
            kept.setdefault(row, set()).update(tests)
        chosen = {row: min(tests, key=_rank) for row, tests in sorted(kept.items())}
        PATH.write_text(json.dumps(chosen, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    PATH.with_suffix(".lock").unlink(missing_ok=True)


def _rank(test: str) -> tuple[bool, bool, str]:
    """Those written name by name first: another test may have met a field on its way to something else."""
    return test.startswith(_ONLY_IF_NOTHING_ELSE), "/test_documented_" not in test, test


def exists(test: str) -> bool:
    """Whether ``path::name`` or ``path::Class::name`` is a test in the tree."""
    path, *names = test.split("::")
    return tuple(names) in _tests(path)


@cache
def _tests(path: str) -> frozenset[tuple[str, ...]]:
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    found: set[tuple[str, ...]] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add((node.name,))
        elif isinstance(node, ast.ClassDef):
            found |= {(node.name, one.name) for one in node.body if isinstance(one, ast.FunctionDef)}
    return frozenset(found)
