"""The command line in this process, against a running server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fiducial import cli


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Ran]


def command_line(capsys: pytest.CaptureFixture[str], server: str, key: str) -> Run:
    """Runs ``fiducial ARGUMENTS``; the server's address and the key are added."""

    def run(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            cli.main([*(str(argument) for argument in arguments), "--server", server, "--key", key])
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, out, err)

    return run
