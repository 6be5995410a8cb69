"""Exit codes of the command line, and how errors become them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

OK = 0
FAILED = 1
"""Some unit of the work failed, or the server refused the request; what, is on standard error."""
USAGE = 2
"""The command was not written as it should be."""
NOT_REACHABLE = 3
"""No server answers at the address."""
NOT_ALLOWED = 4
"""No API key, a wrong one, or one that may not do this."""

EXIT_CODES_HELP = (
    "Exit codes: 0 done; 1 something failed (said on standard error); 2 wrong usage; "
    "3 the server cannot be reached; 4 the key is missing, wrong, or may not do this."
)


def tell(message: str) -> None:
    print(message, file=sys.stderr)


@contextmanager
def exit_codes() -> Iterator[None]:
    """One line on standard error instead of a traceback, and the code that fits."""
    from fiducial.errors import FiducialError, Forbidden, Invalid, Unauthenticated, Unavailable
    from fiducial.exceptions import ApiError

    try:
        yield
    except (Unauthenticated, Forbidden) as error:
        tell(f"error: {error}")
        raise typer.Exit(NOT_ALLOWED) from None
    except Unavailable as error:
        tell(f"error: {error}")
        raise typer.Exit(FAILED if isinstance(error, ApiError) else NOT_REACHABLE) from None
    except (FiducialError, OSError) as error:
        tell(f"error: {error}")
        wrong_usage = isinstance(error, Invalid) and not isinstance(error, ApiError)
        raise typer.Exit(USAGE if wrong_usage else FAILED) from None
