"""Which files lie beside which: patterns, frames, and what is ambiguous."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiducial.api.local_file import LocalFile, local_file
from fiducial.cli.companions import Pattern, companions, stem
from fiducial.errors import Invalid, NotFound


def _touch(*paths: Path) -> list[LocalFile]:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return [local_file(path) for path in paths]


def _found(pattern: str, file: LocalFile) -> list[tuple[str, int | None]]:
    return [(one.path.name, one.frame) for one in Pattern(pattern, "--segmentations").of(file)]


def test_patterns(tmp_path: Path) -> None:
    (image,) = _touch(tmp_path / "patient [1]" / "a.b.nii.gz")
    folder = tmp_path / "patient [1]"
    _touch(
        folder / "a.b_seg.nii.gz",
        folder / "a.b_seg2.nii.gz",
        folder / "a_seg.nii.gz",
        tmp_path / "m" / "patient [1].png",
    )
    assert _found("{stem}_seg.nii.gz", image) == [("a.b_seg.nii.gz", None)]
    assert [name for name, _ in _found("{stem}_seg*.nii.gz", image)] == ["a.b_seg.nii.gz", "a.b_seg2.nii.gz"]
    assert _found("../m/{parent}.png", image) == [("patient [1].png", None)]
    assert _found("{name}", image) == []  # not itself
    assert _found("{stem}_none.png", image) == []


def test_frames_are_read_as_numbers(tmp_path: Path) -> None:
    (image,) = _touch(tmp_path / "cine+1.mp4")
    _touch(*(tmp_path / f"cine+1_{word}.png" for word in ("0", "10", "002", "x", "3_4")))
    assert _found("{stem}_{frame}.png", image) == [("cine+1_0.png", 0), ("cine+1_002.png", 2), ("cine+1_10.png", 10)]
    _touch(tmp_path / "cine+1_liver_7.png")
    assert _found("{stem}_*_{frame}.png", image) == [("cine+1_3_4.png", 4), ("cine+1_liver_7.png", 7)]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("mask.png", "fits every file"),
        ("{frame}.png", "fits every file"),
        ("{stam}.png", "{stam}"),
        ("{stem.png", "expected '}'"),
    ],
)
def test_patterns_that_cannot_be(pattern: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        Pattern(pattern, "--segmentations")


def test_a_companion_of_two_files_is_nobodys(tmp_path: Path) -> None:
    files = _touch(tmp_path / "p" / "a.png", tmp_path / "p" / "b.png")
    _touch(tmp_path / "p" / "p_seg.png")
    with pytest.raises(Invalid, match=r"fits several files: .*a\.png and .*b\.png"):
        companions(Pattern("{parent}_seg.png", "--segmentations"), files)
    with pytest.raises(NotFound, match="fits no file beside any of the 2 files"):
        companions(Pattern("{stem}_seg.png", "--segmentations"), files)
    _touch(tmp_path / "p" / "b_seg.png")
    found = companions(Pattern("{stem}_seg.png", "--segmentations"), files)
    assert [[one.path.name for one in listed] for listed in found] == [[], ["b_seg.png"]]


@pytest.mark.parametrize(("name", "wanted"), [("a.nii.gz", "a"), ("a.NII.GZ", "a"), ("a.b.dcm", "a.b"), ("I10", "I10")])
def test_stem(name: str, wanted: str) -> None:
    assert stem(name) == wanted
