"""Where the real test images beside the project are, and how a test says that it needs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("FIDUCIAL_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SHARED_DATA = SHARED / "data"

needs_shared = pytest.mark.skipif(
    not SHARED_DATA.is_dir(), reason=f"the shared real test data is not at {SHARED_DATA} (set FIDUCIAL_SHARED)"
)
