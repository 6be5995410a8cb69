"""Shell commands in the documentation are commands and flags that ``--help`` lists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from fiducial.cli.app import build
from tests.unit.docs.pages import ROOT, snippets

_ASSIGNMENT = re.compile(r"^[A-Z_]+=")


def _lines() -> Iterator[tuple[str, list[str]]]:
    for one in snippets():
        if one.is_shell or one.language == "":
            for offset, line in enumerate(one.code.replace("\\\n", " ").splitlines()):
                words = shlex.split(line, comments=True)
                while words and _ASSIGNMENT.match(words[0]):
                    words.pop(0)
                yield f"{one.page}:{one.line + offset}", words


COMMANDS = [pytest.param(words[1:], id=where) for where, words in _lines() if words[:1] == ["fiducial"]]
TARGETS = sorted({words[1] for _, words in _lines() if words[:1] == ["make"] and len(words) > 1})


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("words", COMMANDS)
def test_the_command_and_its_flags_exist(words: list[str]) -> None:
    command, rest = _command(words)
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    flags = [word.partition("=")[0] for word in rest if word.startswith("-")]
    assert set(flags) <= known | {"--help"}, f"`fiducial {' '.join(words)}`: help lists {sorted(known)}"


@pytest.mark.parametrize("words", COMMANDS)
def test_the_help_lists_the_flags(words: list[str]) -> None:
    command, rest = _command(words)
    with command.make_context("fiducial", ["--help"], resilient_parsing=True) as context:
        text = command.get_help(context)
    assert all(word.partition("=")[0] in text for word in rest if word.startswith("--"))


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_is_in_the_makefile(target: str) -> None:
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(), re.M)


def _command(words: list[str]) -> tuple[Any, list[str]]:
    """The command at the end of its path of groups, and the words behind it."""
    command: Any = typer.main.get_command(build(words))
    rest = list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"there is no command {rest[0]!r}; there are {sorted(command.commands)}"
        command = command.commands[rest.pop(0)]
    return command, rest
