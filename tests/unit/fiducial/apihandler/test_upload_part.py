"""What a caller may write as files and masks of an upload."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fiducial.apihandler.upload_part import MaskFile, munged_name, upload_parts
from fiducial.errors import Invalid


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    names = ["a.bin", "b.bin"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    return [str(tmp_path / name) for name in names]


@pytest.mark.parametrize(
    ("path", "levels", "name"),
    [
        ("data/site/p1/a.dcm", "all", "data_site_p1_a.dcm"),
        ("data/site/p1/a.dcm", [1], "data_a.dcm"),
        ("data/site/p1/a.dcm", (3, 2), "p1_site_a.dcm"),
        ("/data/site/a.dcm", [1], "data_a.dcm"),
        ("data/a.dcm", [1, 7], "data_a.dcm"),
        ("../other/./a.dcm", "all", "other_a.dcm"),
        ("a.dcm", "all", "a.dcm"),
    ],
)
def test_munged_name(path: str, levels: Any, name: str) -> None:
    assert munged_name(Path(path), levels) == name


@pytest.mark.parametrize("levels", ["some", [0], [-1], ["1"], 3])
def test_folders_that_cannot_be_meant(levels: Any) -> None:
    with pytest.raises(Invalid, match="mung_filename"):
        munged_name(Path("a/b.dcm"), levels)


def test_files_folders_and_open_files(files: list[str]) -> None:
    folder = str(Path(files[0]).parent)
    assert [p.file.name for p in upload_parts(folder, None, None, False)] == ["a.bin", "b.bin"]
    assert [p.file.name for p in upload_parts(f"{folder}/b*", None, None, False)] == ["b.bin"]
    memory = io.BytesIO(b"x")
    memory.name = "named.bin"
    (part,) = upload_parts(memory, None, "all", False)
    assert (part.file.name, part.file.size) == ("named.bin", 1)


def test_missing_files_are_raised_or_left_out_with_their_masks(files: list[str]) -> None:
    asked = [files[0], files[0] + ".gone", files[1]]
    with pytest.raises(FileNotFoundError, match="gone"):
        upload_parts(asked, None, None, False)
    parts = upload_parts(asked, [["1"], ["2"], ["3"]], None, True)
    assert [(p.file.name, p.masks[0].source) for p in parts] == [("a.bin", "1"), ("b.bin", "3")]


def test_masks_of_each_file(files: list[str]) -> None:
    array = np.ones((2, 2))
    given = [
        ["m1", None, array],
        {"files": ["m1", "m2"], "names": ["n1", {1: "x"}], "frame_index": [4, None]},
    ]
    first, second = upload_parts(files, given, None, False)
    assert [m.source for m in first.masks] == ["m1", array]
    assert second.masks == (MaskFile("m1", "n1", 4), MaskFile("m2", {1: "x"}, None))
    assert upload_parts(files, [None, {"files": "m", "names": "n"}], None, False)[1].masks == (MaskFile("m", "n"),)


@pytest.mark.parametrize("given", [["m1", "m2"], [["m1", "m2"]], {"files": ["m1", "m2"]}, [{"files": ["m1", "m2"]}]])
def test_masks_of_one_file_alone(files: list[str], given: Any) -> None:
    (part,) = upload_parts(files[0], given, None, False)
    assert [m.source for m in part.masks] == ["m1", "m2"]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([["m"]], "1 entries for 2 files"),
        ([["m"], {"names": ["n"]}], "'files'"),
        ([["m"], {"files": ["m"], "colour": 1}], "colour"),
        ([["m"], {"files": ["m1", "m2"], "names": ["n"]}], "names has 1 entries for 2"),
        ([["m"], {"files": ["m"], "frame_index": [1, 2]}], "frame_index has 2 entries for 1"),
    ],
)
def test_masks_that_do_not_fit(files: list[str], given: Any, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        upload_parts(files, given, None, False)
