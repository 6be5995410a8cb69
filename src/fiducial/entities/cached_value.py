"""Values of the cache as bytes: bytes as they are, numpy arrays as .npy, all else pickled."""

from __future__ import annotations

import io
import pickle
from typing import Any

BYTES, ARRAY, PICKLE, FILE = "bytes", "ndarray", "pickle", "file"


def pack(data: Any) -> tuple[str, bytes]:
    if isinstance(data, (bytes, bytearray, memoryview)):
        return BYTES, bytes(data)
    if type(data).__module__.partition(".")[0] == "numpy":
        import numpy as np

        if isinstance(data, np.ndarray) and not data.dtype.hasobject:
            buffer = io.BytesIO()
            np.save(buffer, data, allow_pickle=False)
            return ARRAY, buffer.getvalue()
    return PICKLE, pickle.dumps(data, protocol=pickle.HIGHEST_PROTOCOL)


def unpack(data_type: str, content: bytes) -> Any:
    if data_type == ARRAY:
        import numpy as np

        return np.load(io.BytesIO(content), allow_pickle=False)
    if data_type == PICKLE:
        return pickle.loads(content)
    return content
