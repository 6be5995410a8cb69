"""The command line: ``fiducial``. One file per command group."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process with its exit code (see :mod:`fiducial.cli.exits`)."""
    from fiducial.cli.app import build

    given = list(sys.argv[1:] if arguments is None else arguments)
    build(given)(given, prog_name="fiducial")
