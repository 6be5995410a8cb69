"""Many files read as one item: a volume [slice, row, column], or frames one after the other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np

from fiducial.errors import Invalid, Unsupported
from fiducial.media.base import Array, Axis, Header, Stage
from fiducial.media.dicom.planes import cut
from fiducial.media.dicom.reader import DicomReader
from fiducial.media.dicom.series import SeriesLayout

OPEN_FILES = 4
"""How many files are kept open at once."""

Opener = Callable[[], BinaryIO]


def series_header(headers: Sequence[Header], layout: SeriesLayout) -> Header:
    """The header of the item that these files make. ``headers`` in the order given to ``assemble``.

    One file has its own header. Frames are counted over all files, in the layout's order. What differs between files
    (instance UID, position ...) is not in it. Raises Invalid when there are no files.
    """
    if not headers or sorted(layout.order) != list(range(len(headers))):
        raise Invalid(f"{len(headers)} headers and a layout of {len(layout.order)} slices")
    if len(headers) == 1:
        return headers[0]
    first = headers[layout.order[0]]
    findings = {f.code: f for header in headers for f in header.findings} | {f.code: f for f in layout.findings}
    count = sum(header.frame_count for header in headers)
    fps = first.fps if not layout.is_volume else None
    return replace(
        first,
        frame_count=count,
        time_points=layout.time_points,
        spacing_zyx_mm=layout.spacing_zyx_mm or first.spacing_zyx_mm,
        voxel_to_patient=layout.voxel_to_patient,
        instance_uid=None,
        duration_s=count / fps if fps else None,
        fps=fps,
        is_volume=layout.is_volume,
        metadata=_metadata(headers, layout, count),
        findings=tuple(findings.values()),
    )


def _metadata(headers: Sequence[Header], layout: SeriesLayout, count: int) -> dict[str, Any]:
    """Tags on which all files agree, and the first slice's position."""
    first = headers[layout.order[0]].metadata
    same = {k: v for k, v in first.items() if all(h.metadata.get(k) == v for h in headers)}
    for key in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        if key in first:
            same[key] = first[key]
    same |= {"frame_count": count, "frame_order": "position" if layout.is_volume else "stored"}
    if layout.is_volume and layout.spacing_zyx_mm is not None:
        same["SpacingBetweenSlices"] = layout.spacing_zyx_mm[0]
    return same


class SeriesReader:
    """Frames of a series in the layout's order, each rescaled by its own file. Opens few files at a time.

    ``openers[i]`` opens file ``i`` of those given to ``assemble``; what it opens is closed by this reader.
    """

    def __init__(
        self, openers: Sequence[Opener], layout: SeriesLayout, header: Header, counts: Sequence[int] = ()
    ) -> None:
        """``counts``: frames of each file, when they are not one each."""
        self._openers, self._layout, self._header = openers, layout, header
        self._open: OrderedDict[int, tuple[BinaryIO, DicomReader]] = OrderedDict()
        per_file = list(counts) or [1] * len(openers)
        self._places = [(file, k) for file in layout.order for k in range(per_file[file])]

    @property
    def header(self) -> Header:
        return self._header

    def close(self) -> None:
        while self._open:
            _close(self._open.popitem()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def frame(self, index: int, stage: Stage = Stage.MODALITY) -> Array:
        if not 0 <= index < len(self._places):
            raise IndexError(f"frame {index} of {len(self._places)}")
        file, within = self._places[index]
        return self._reader(file).frame(within, stage)

    def slice(self, axis: Axis, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """One plane of the (first time point's) volume: [row, column], [slice, column] or [slice, row]."""
        if len(self._openers) == 1:
            return self._reader(0).slice(axis, index, stage)
        self._check_volume()
        shape = self._layout.slice_count, self._header.height or 0, self._header.width or 0
        affine, across = self._layout.voxel_to_patient, Stage.MODALITY if stage is Stage.DISPLAY else stage
        plane = cut(lambda k: self.frame(k, across), affine, axis, index, shape=shape)
        return self._reader(self._layout.order[0]).shown(plane) if stage is Stage.DISPLAY else plane

    def array(self, stage: Stage = Stage.MODALITY) -> Array:
        """[slice, row, column(, channel)], or [time, slice, row, column] when 4-D. Refused when it is no volume."""
        if len(self._openers) == 1:
            return self._reader(0).array(stage)
        self._check_volume()
        first = self.frame(0, stage)
        whole = np.empty((len(self._places), *first.shape), first.dtype)
        whole[0] = first
        for k in range(1, len(self._places)):
            whole[k] = self.frame(k, stage)
        times = self._layout.time_points
        return whole.reshape(times, -1, *first.shape) if times > 1 else whole

    def _check_volume(self) -> None:
        if not self._layout.is_volume:
            raise Unsupported(f"this series is not a volume: {self._layout.refusal}")

    def _reader(self, file: int) -> DicomReader:
        if file in self._open:
            self._open.move_to_end(file)
        else:
            while len(self._open) >= OPEN_FILES:
                _close(self._open.popitem(last=False)[1])
            source = self._openers[file]()
            try:
                self._open[file] = source, DicomReader(source)
            except BaseException:
                source.close()
                raise
        return self._open[file][1]


def _close(opened: tuple[BinaryIO, DicomReader]) -> None:
    source, reader = opened
    reader.close()
    source.close()
