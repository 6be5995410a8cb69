"""JPEG frames (ITU T.81) through libjpeg-turbo: baseline, extended (8 and 12 bit) and lossless (2 to 16 bit).

Not through GDCM: it ends the whole process on some malformed frames (a C++ exception that nothing catches).
"""

from __future__ import annotations

import numpy as np

from fiducial.errors import Damaged
from fiducial.media.base import Array
from fiducial.media.dicom.codestream import Codestream


def decode_jpeg(data: bytes, stream: Codestream) -> Array:
    """Unsigned samples ``[row, column, sample]``, uint8 up to 8 bits and uint16 above; colour is not converted."""
    from imagecodecs import JpegError, jpeg8_decode

    # the same space in and out: samples as they are, whatever markers say
    same = "YCBCR" if stream.components == 3 else None
    try:
        decoded = np.asarray(jpeg8_decode(data, colorspace=same, outcolorspace=same))
    except JpegError as error:
        raise Damaged(f"the JPEG data cannot be decoded: {error}") from error
    if decoded.size != stream.rows * stream.columns * stream.components:
        raise Damaged(f"the JPEG decoder gave {decoded.shape} for {stream.rows} x {stream.columns}")
    return decoded.reshape(stream.rows, stream.columns, stream.components)
