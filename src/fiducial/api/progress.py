"""How far a transfer of many files is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Told of every piece that has moved and of every file that is done; from several threads."""

    def moved(self, size: int) -> None: ...

    def done(self) -> None: ...


class Silent:
    """Shows nothing."""

    def moved(self, size: int) -> None:
        pass

    def done(self) -> None:
        pass


@contextmanager
def progress_of(title: str, files: int, size: int, shown: bool) -> Iterator[Progress]:
    """A bar on standard error, if it is wanted and a person is looking."""
    if not shown or not sys.stderr.isatty():
        yield Silent()
        return
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TextColumn("{task.fields[files]} files"),
        rich.TimeRemainingColumn(),
    )
    with rich.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=size or None, files=f"0/{files}")
        yield _Bar(bar, task, files)


class _Bar:
    def __init__(self, bar: object, task: object, files: int) -> None:
        self._bar, self._task, self._files, self._done = bar, task, files, 0

    def moved(self, size: int) -> None:
        self._bar.advance(self._task, size)  # type: ignore[attr-defined]

    def done(self) -> None:
        self._done += 1
        self._bar.update(self._task, files=f"{self._done}/{self._files}")  # type: ignore[attr-defined]
