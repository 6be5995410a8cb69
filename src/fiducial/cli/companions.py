"""Files that belong to other files by their names: masks beside images, facts beside images."""

from __future__ import annotations

import glob
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fiducial.api.local_file import LocalFile
from fiducial.errors import Invalid, NotFound

WORDS = ("stem", "name", "parent", "frame")
_NAMING = frozenset({"stem", "name", "parent"})
_DOUBLE = (".nii.gz",)


@dataclass(frozen=True)
class Companion:
    """``frame`` is the number that stood in the place of ``{frame}``."""

    path: Path
    frame: int | None = None


@dataclass(frozen=True)
class Pattern:
    """A name with ``{stem}`` (the file's name without its ending), ``{name}`` or ``{parent}`` (its folder's name) in it, and,
    where a file has a companion for each of its frames, ``{frame}``. It is looked for beside the file; ``../masks/{stem}.png``
    is another folder. ``*`` and ``?`` stand for anything, as in a shell.
    """

    text: str
    option: str

    def __post_init__(self) -> None:
        try:
            words = {word for _, word, _, _ in string.Formatter().parse(self.text) if word is not None}
        except ValueError as error:
            raise Invalid(f"{self.option} {self.text!r}: {error}", field=self.option) from None
        unknown = sorted(words - set(WORDS))
        if unknown:
            known = ", ".join(f"{{{word}}}" for word in WORDS)
            raise Invalid(f"{self.option} {self.text!r}: {{{unknown[0]}}} is none of {known}", field=self.option)
        if not words & _NAMING:
            raise Invalid(
                f"{self.option} {self.text!r} fits every file: it needs {{stem}}, {{name}} or {{parent}}",
                field=self.option,
            )

    def of(self, file: LocalFile) -> list[Companion]:
        """The companions of one file, in the order of their frames and names."""
        if file.path is None:
            return []
        path = file.path.absolute()
        words = {"stem": stem(path.name), "name": path.name, "parent": path.parent.name}
        wanted = self.text.format_map({word: glob.escape(value) for word, value in words.items()} | {"frame": "*"})
        found = [Path(one) for one in glob.glob(str(Path(glob.escape(str(path.parent))) / wanted))]
        number = self._number(words)
        listed = [Companion(one, _frame(number, one)) for one in found if one.is_file() and one != path]
        fitting = [one for one in listed if number is None or one.frame is not None]
        return sorted(fitting, key=lambda one: (one.frame or 0, one.path))

    def _number(self, words: dict[str, str]) -> re.Pattern[str] | None:
        """What finds the frame's number in a companion's file name; None where the pattern has none."""
        name = Path(self.text).name
        if "{frame}" not in name:
            return None
        parts = [re.escape(part.format_map({**words, "frame": ""})) for part in name.split("{frame}")]
        return re.compile(r"([0-9]+)".join(part.replace(r"\*", ".*").replace(r"\?", ".") for part in parts))


def _frame(number: re.Pattern[str] | None, path: Path) -> int | None:
    match = number.fullmatch(path.name) if number is not None else None
    return int(match.group(1)) if match else None


def stem(name: str) -> str:
    """The name without its ending; ``.nii.gz`` is one ending."""
    double = next((ending for ending in _DOUBLE if name.lower().endswith(ending)), None)
    return name[: -len(double)] if double else Path(name).stem


def companions(pattern: Pattern, files: Sequence[LocalFile]) -> list[list[Companion]]:
    """For each file its companions.

    NotFound when no file has any: the pattern is wrong. Invalid when one is the companion of files that are not of one
    series: it would be guessed whose it is. Of a series it goes with the first file.
    """
    found = [pattern.of(file) for file in files]
    if not any(found):
        raise NotFound(f"{pattern.option} {pattern.text!r} fits no file beside any of the {len(files)} files")
    owners: dict[Path, int] = {}
    for place, listed in enumerate(found):
        for one in listed:
            first = owners.setdefault(one.path.resolve(), place)
            if first != place and _apart(files[first], files[place]):
                raise Invalid(
                    f"{one.path} fits several files: {files[first].path} and {files[place].path}", field=pattern.option
                )
    return [[one for one in listed if owners[one.path.resolve()] == place] for place, listed in enumerate(found)]


def _apart(one: LocalFile, other: LocalFile) -> bool:
    return one.stack is None or one.stack != other.stack
