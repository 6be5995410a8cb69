"""The pages of ``docs/``: their code blocks, and the writing of those that are generated."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```[ \t]*$", re.M | re.S
)
_PYTHON, _SHELL = frozenset({"python", "py"}), frozenset({"sh", "bash", "shell", "console"})


@dataclass(frozen=True)
class Snippet:
    """One fenced block. ``line`` is the page's line, from 1, that its first line of code is on."""

    page: str
    line: int
    language: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_python(self) -> bool:
        return self.language in _PYTHON

    @property
    def is_shell(self) -> bool:
        return self.language in _SHELL


def snippets() -> Iterator[Snippet]:
    """Every fenced block of every page of the site, and of the README."""
    for path in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]:
        page, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            line = text.count("\n", 0, found.start("body")) + 1
            yield Snippet(page, line, found["language"], textwrap.dedent(found["body"]))


def assert_generated(name: str, text: str) -> None:
    """That the page says this; with ``FIDUCIAL_WRITE_DOCS=1`` it is made to."""
    path = DOCS / name
    if os.environ.get("FIDUCIAL_WRITE_DOCS"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"docs/{name} is not there: run this test with FIDUCIAL_WRITE_DOCS=1"
    assert path.read_text(encoding="utf-8") == text, f"docs/{name} is stale: run this test with FIDUCIAL_WRITE_DOCS=1"


def cell(text: object) -> str:
    """Text as it stands in a cell of a table."""
    return str(text).replace("|", "\\|").replace("\n", " ")
