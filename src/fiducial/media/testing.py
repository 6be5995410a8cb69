"""The contract of a media format, as tests: subclass :class:`MediaFormatTests` with two tiny files, one damaged.

.. code-block:: python

    class TestMyFormat(MediaFormatTests):
        media_format = MYFORMAT
        good = b"..."
        damaged = b"..."
        expected = facts(width=4, height=3, frame_count=1)
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pytest

from fiducial.errors import Damaged, FiducialError, Unsupported
from fiducial.media import registry
from fiducial.media.base import SNIFF_BYTES, Array, Axis, Header, MediaFormat, Stage

STRANGERS: tuple[bytes, ...] = (
    b"",
    b"\n",
    b"The patient was seen on Monday.\n" * 300,
    bytes(SNIFF_BYTES),
    b"\xff" * SNIFF_BYTES,
    b"GIF89a" + bytes(200),
    b"PK\x03\x04" + bytes(200),
    b"%PDF-1.7\n" + bytes(200),
    b"\x1f\x8b\x08" + bytes(200),
    b"RIFF\x10\0\0\0WAVEfmt " + bytes(200),
    b"\0\0\0\x18ftypheic" + bytes(200),
)
"""Beginnings of files that no format here may claim."""


def facts(**fields: Any) -> Mapping[str, Any]:
    """Fields of :class:`~fiducial.media.base.Header` and the values they should have."""
    return MappingProxyType(fields)


class MediaFormatTests:
    """Everything the rest of Fiducial relies on when it is given a :class:`~fiducial.media.base.MediaFormat`."""

    media_format: ClassVar[MediaFormat]
    good: ClassVar[bytes]
    damaged: ClassVar[bytes]
    """Known as this format by its beginning, and refused by ``read_header`` or ``verify``."""
    expected: ClassVar[Mapping[str, Any]]
    """Fields of the good file's header."""
    every_cut_is_found: ClassVar[bool] = True
    """False for the few formats that do not say how long they are."""
    cuts: ClassVar[int] = 24

    def checked(self, content: bytes) -> Header:
        source = io.BytesIO(content)
        header = self.media_format.read_header(source)
        self.media_format.verify(source)
        return header

    def frames(self, stage: Stage = Stage.MODALITY) -> list[Array]:
        with self.media_format.open(io.BytesIO(self.good)) as reader:
            return [reader.frame(n, stage) for n in range(reader.header.frame_count)]

    # knowing it

    def test_sniffs_its_own(self) -> None:
        assert self.media_format.sniff(self.good[:SNIFF_BYTES])
        assert self.media_format.sniff(self.damaged[:SNIFF_BYTES])

    @pytest.mark.parametrize("head", STRANGERS, ids=lambda head: repr(head[:12]))
    def test_does_not_sniff_strangers(self, head: bytes) -> None:
        assert not self.media_format.sniff(head)

    def test_no_other_registered_format_claims_it(self) -> None:
        assert registry.sniff(io.BytesIO(self.good)).name == self.media_format.name
        others = [entry.load() for entry in registry.FORMATS if entry.name != self.media_format.name]
        assert [other.name for other in others if other.sniff(self.good[:SNIFF_BYTES])] == []

    # facts

    def test_header_facts(self) -> None:
        header = self.checked(self.good)
        assert {name: getattr(header, name) for name in self.expected} == dict(self.expected)
        assert header.format == self.media_format.name

    def test_header_of_reader_and_of_registry_is_the_same(self) -> None:
        source = io.BytesIO(self.good)
        with self.media_format.open(source) as reader:
            assert reader.header == self.media_format.read_header(source) == registry.check(source)

    def test_metadata_and_findings_are_plain_json(self) -> None:
        header = self.checked(self.good)
        json.dumps(dict(header.metadata), allow_nan=False)
        for finding in header.findings:
            json.dumps(dict(finding.evidence), allow_nan=False)
            assert finding.code == finding.code.lower().replace(" ", "-")

    # pixels

    @pytest.mark.parametrize("stage", list(Stage))
    def test_frames_are_the_array(self, stage: Stage) -> None:
        frames = self.frames(stage)
        with self.media_format.open(io.BytesIO(self.good)) as reader:
            whole = reader.array(stage)
        assert whole.dtype == frames[0].dtype
        np.testing.assert_array_equal(whole.reshape(len(frames), *frames[0].shape), np.stack(frames))

    def test_frames_have_the_size_and_type_the_header_says(self) -> None:
        header = self.checked(self.good)
        for stage in Stage:
            for frame in self.frames(stage):
                assert frame.shape[:2] == (header.height, header.width)
                assert frame.dtype == np.uint8 if stage is Stage.DISPLAY else True
                assert frame.ndim == 2 or stage is Stage.STORED or frame.shape[2:] == (3,)
        assert {f.dtype for f in self.frames(Stage.MODALITY)} <= {np.dtype(np.float32), np.dtype(np.uint8)}

    def test_frames_in_any_order(self) -> None:
        frames = self.frames()
        with self.media_format.open(io.BytesIO(self.good)) as reader:
            for n in [*reversed(range(len(frames))), 0, len(frames) - 1]:
                np.testing.assert_array_equal(reader.frame(n), frames[n])

    def test_frames_are_the_callers_to_change(self) -> None:
        with self.media_format.open(io.BytesIO(self.good)) as reader:
            for stage in Stage:
                first = reader.frame(0, stage)
                before = first.copy()
                first[...] = 0
                np.testing.assert_array_equal(reader.frame(0, stage), before)

    def test_frame_out_of_range(self) -> None:
        with self.media_format.open(io.BytesIO(self.good)) as reader:
            for wrong in (-1, reader.header.frame_count, reader.header.frame_count + 7):
                with pytest.raises(IndexError):
                    reader.frame(wrong)

    def test_slices_of_volumes_only(self) -> None:
        with self.media_format.open(io.BytesIO(self.good)) as reader:
            for axis in Axis:
                if reader.header.is_volume:
                    assert reader.slice(axis, 0).ndim >= 2
                else:
                    with pytest.raises(Unsupported):
                        reader.slice(axis, 0)

    # the source

    def test_position_of_the_source_does_not_matter(self) -> None:
        expected = self.checked(self.good)
        source = io.BytesIO(self.good)
        for position in (len(self.good), len(self.good) // 2, 1):
            source.seek(position)
            assert self.media_format.read_header(source) == expected
            source.seek(position)
            self.media_format.verify(source)
            source.seek(position)
            with self.media_format.open(source) as reader:
                source.seek(position)
                reader.frame(0)

    def test_source_is_left_open_and_unchanged(self) -> None:
        source = io.BytesIO(self.good)
        self.media_format.read_header(source)
        self.media_format.verify(source)
        with self.media_format.open(source) as reader:
            reader.array()
        assert not source.closed
        assert source.getvalue() == self.good

    # damage

    def test_damage_is_found(self) -> None:
        with pytest.raises(Damaged) as caught:
            self.checked(self.damaged)
        assert str(caught.value)

    def test_truncation_anywhere(self) -> None:
        for cut in sorted({round(n * (len(self.good) - 1) / self.cuts) for n in range(1, self.cuts + 1)} | {1}):
            found = self._outcome(self.good[:cut])
            assert found or not self.every_cut_is_found, f"cut at byte {cut} of {len(self.good)} was not found"

    def test_cut_files_are_never_decoded_in_part(self) -> None:
        """A file cut in its middle gives no array, or (where cuts cannot be found) only whole frames."""
        source = io.BytesIO(self.good[: len(self.good) // 2])
        try:
            with self.media_format.open(source) as reader:
                whole = reader.array()
        except FiducialError:
            return
        assert not self.every_cut_is_found
        assert whole.shape[0] < len(self.frames())

    def _outcome(self, content: bytes) -> str:
        try:
            self.checked(content)
        except FiducialError as error:
            return str(error)
        return ""
