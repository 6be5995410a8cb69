"""Frames, planes and the whole of a NIfTI file.

Frame ``n`` is ``[row = y, column = x]`` at z = ``n % slices`` and time ``n // slices``: the file's order.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from fiducial.media.base import Array, Axis, Header, Stage
from fiducial.media.contrast import display_range, sampled_indices, thinned, to_uint8
from fiducial.media.nifti.header import NiftiHeader
from fiducial.media.nifti.voxels import ByteRanges, open_ranges
from fiducial.media.slicing import COLUMN, ROW, slice_count, voxel_axis


class NiftiReader:
    """An opened NIfTI file.

    STORED is the file's dtype in the machine's byte order. MODALITY is float32 after scl_slope and scl_inter (integers
    beyond 2^24 lose digits: read labels at STORED); RGB is uint8, alpha dropped. DISPLAY is uint8 between cal_min and
    cal_max where the file states them, else by :mod:`fiducial.media.contrast` over the whole volume.
    """

    def __init__(self, source: BinaryIO, nifti: NiftiHeader, header: Header) -> None:
        self._nifti = nifti
        self._header = header
        self._ranges: ByteRanges = open_ranges(source)
        self._shown: tuple[float, float] | None = None

    @property
    def header(self) -> Header:
        return self._header

    def frame(self, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """``[row, column(, channel)]``; rows are the second voxel axis, columns the first, nothing flipped."""
        if not 0 <= index < self._nifti.frame_count:
            raise IndexError(f"frame {index} of a NIfTI with {self._nifti.frame_count} frames")
        return self._at_stage(self._stored_frame(index), stage)

    def slice(self, axis: Axis, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """One plane along the voxel axis closest to the anatomical one, ``[row, column]``, both in stored order.

        The k axis fixed gives ``[y, x]`` (the frame), the j axis ``[z, x]``, the i axis ``[z, y]``. In a 4-D file the
        index runs on through the time points: ``time * slices + index``.
        """
        count = slice_count(self._header, axis)
        if not 0 <= index < count:
            raise IndexError(f"{axis.value} slice {index} of {count}")
        chosen = voxel_axis(self._header, axis)
        if chosen not in (COLUMN, ROW):
            return self.frame(index, stage)
        time, within = divmod(index, count // self._header.time_points)
        take = self._row_of if chosen == ROW else self._column_of
        slices = self._nifti.shape_xyzt[2]
        plane = np.stack([take(time * slices + k, within) for k in range(slices)])
        return self._at_stage(plane, stage)

    def array(self, stage: Stage = Stage.MODALITY) -> Array:
        """``[slice, row, column(, channel)]``, or ``[time, slice, ...]`` for more than one time point; one slice alone
        is ``[row, column(, channel)]`` only where the file itself is 2-D."""
        convert = self._converter(stage)
        first = convert(self._stored_frame(0))
        whole = np.empty((self._nifti.frame_count, *first.shape), dtype=first.dtype)
        whole[0] = first
        for n in range(1, self._nifti.frame_count):
            whole[n] = convert(self._stored_frame(n))
        self._ranges.finish()
        return whole.reshape(self._outer_shape() + first.shape)

    def close(self) -> None:
        self._ranges.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _outer_shape(self) -> tuple[int, ...]:
        _, _, z, t = self._nifti.shape_xyzt
        if t > 1:
            return (t, z)
        return () if self._nifti.dim[0] <= 2 else (z,)  # a 2-D file

    def _stored_frame(self, index: int) -> Array:
        size = self._nifti.frame_bytes
        return self._as_array(self._ranges.read(self._nifti.vox_offset + index * size, size), self._nifti.shape_xyzt[1])

    def _row_of(self, frame: int, row: int) -> Array:
        size = self._nifti.frame_bytes // self._nifti.shape_xyzt[1]
        offset = self._nifti.vox_offset + frame * self._nifti.frame_bytes + row * size
        values: Array = self._as_array(self._ranges.read(offset, size), 1)[0]
        return values

    def _column_of(self, frame: int, column: int) -> Array:
        return self._stored_frame(frame)[:, column].copy()  # a view would keep every frame in memory

    def _as_array(self, raw: bytes, rows: int) -> Array:
        channels = self._nifti.channels
        shape = (rows, self._nifti.shape_xyzt[0]) if channels == 1 else (rows, self._nifti.shape_xyzt[0], channels)
        values = np.frombuffer(raw, dtype=self._nifti.dtype).reshape(shape)
        native: Array = values.astype(self._nifti.dtype.newbyteorder("="))
        return native

    def _at_stage(self, stored: Array, stage: Stage) -> Array:
        return self._converter(stage)(stored)

    def _converter(self, stage: Stage) -> Callable[[Array], Array]:
        if stage == Stage.STORED:
            return lambda stored: stored
        if self._nifti.channels > 1:
            return lambda stored: np.ascontiguousarray(stored[..., :3])
        if stage == Stage.MODALITY:
            return self._scaled
        black, white = self._display_range()
        return lambda stored: to_uint8(self._scaled(stored), black, white)

    def _scaled(self, stored: Array) -> Array:
        """Scaled in double precision, rounded once to float32."""
        with np.errstate(over="ignore", invalid="ignore"):
            if self._nifti.scaling is None:
                return stored.astype(np.float32)
            slope, intercept = self._nifti.scaling
            return (stored.astype(np.float64) * slope + intercept).astype(np.float32)

    def _display_range(self) -> tuple[float, float]:
        if self._shown is None:
            self._shown = self._stated_range() or self._measured_range()
        return self._shown

    def _stated_range(self) -> tuple[float, float] | None:
        low, high = self._nifti.cal_min, self._nifti.cal_max
        return (low, high) if np.isfinite([low, high]).all() and low < high else None

    def _measured_range(self) -> tuple[float, float]:
        frames = [thinned(self._stored_frame(n)) for n in sampled_indices(self._nifti.frame_count)]
        black, white = display_range(np.concatenate(frames))
        if self._nifti.scaling is None:
            return black, white
        slope, intercept = self._nifti.scaling
        ends = sorted((black * slope + intercept, white * slope + intercept))
        return ends[0], ends[1]
