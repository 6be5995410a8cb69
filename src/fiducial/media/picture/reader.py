"""Frames of a picture: one, or the pages of a TIFF."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

import numpy as np

from fiducial.errors import Unsupported
from fiducial.media.base import Array, Axis, Header, Stage
from fiducial.media.contrast import display_range, sampled_indices, thinned, to_uint8
from fiducial.media.picture.raster import judge_size, load, open_raster, stored_size
from fiducial.media.picture.samples import Samples, modality, samples_of, stored
from fiducial.media.slicing import voxel_axis
from fiducial.media.source import content_errors, length

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile


class PictureReader:
    """An opened picture. STORED is the raster as in the file (palette indices, alpha); MODALITY is float32 grey or
    uint8 RGB; DISPLAY is uint8: 8-bit and less as it is (stretched to 0..255), more by :mod:`fiducial.media.contrast`.
    """

    def __init__(self, source: BinaryIO, header: Header, pages: Sequence[int]) -> None:
        self._source = source
        self._header = header
        self._pages = pages
        self._paged: ImageFile | None = None
        self._shown: tuple[float, float] | None = None

    @property
    def header(self) -> Header:
        return self._header

    def frame(self, index: int, stage: Stage = Stage.MODALITY) -> Array:
        """``[row, column]`` grey, ``[row, column, 3]`` RGB; STORED may have 2 or 4 samples with alpha."""
        if not 0 <= index < len(self._pages):
            raise IndexError(f"frame {index} of a {self._header.format.upper()} with {len(self._pages)} frames")
        image, samples = self._decoded(index)
        if stage == Stage.STORED:
            return stored(image, samples)
        values = modality(image, samples)
        return self._displayed(values, samples) if stage == Stage.DISPLAY else values

    def slice(self, axis: Axis, index: int, stage: Stage = Stage.MODALITY) -> Array:
        voxel_axis(self._header, axis)  # a picture is never a volume: this raises, saying so
        return self.frame(index, stage)

    def array(self, stage: Stage = Stage.MODALITY) -> Array:
        """``[row, column(, channel)]``, or ``[slice, row, column(, channel)]`` for several pages of one size."""
        first = self.frame(0, stage)
        if len(self._pages) == 1:
            return first
        whole = np.empty((len(self._pages), *first.shape), dtype=first.dtype)
        whole[0] = first
        for n in range(1, len(self._pages)):
            page = self.frame(n, stage)
            if page.shape != first.shape or page.dtype != first.dtype:
                raise Unsupported(
                    f"page {n} is {page.shape} {page.dtype}, page 0 {first.shape} {first.dtype}: read each by itself",
                    page=n,
                )
            whole[n] = page
        return whole

    def close(self) -> None:
        self._paged = None  # never Pillow's close(): it would close the caller's file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decoded(self, index: int) -> tuple[ImageFile, Samples]:
        name = self._header.format
        if name != "tiff":
            image = open_raster(name, self._source)
        else:
            image = self._page(index)
            judge_size(name, stored_size(image), length(self._source))
        samples = samples_of(image, name)
        if samples.refusal:
            raise Unsupported(samples.refusal)
        load(image, name)
        return image, samples

    def _page(self, index: int) -> ImageFile:
        """One open directory for all pages, so that paging through them is linear."""
        if self._paged is None or self._paged.tell() == self._pages[index]:
            self._paged = open_raster("tiff", self._source)
        with content_errors(f"page {self._pages[index]} of the TIFF is broken"):
            self._paged.seek(self._pages[index])
        return self._paged

    def _displayed(self, values: Array, samples: Samples) -> Array:
        if not samples.is_grey:
            return values
        if samples.bits <= 8 and not samples.signed:
            shown = to_uint8(values, 0, 2**samples.bits - 1)
        else:
            shown = to_uint8(values, *self._display_range())
        return 255 - shown if samples.white_is_zero else shown

    def _display_range(self) -> tuple[float, float]:
        if self._shown is None:
            frames = [thinned(self.frame(n)) for n in sampled_indices(len(self._pages))]
            self._shown = display_range(np.concatenate([f.reshape(-1) for f in frames]))
        return self._shown
