"""The project's own small set of real images (licences beside them)."""

from __future__ import annotations

from pathlib import Path

import fiducial_server

DEMO_DATA = Path(fiducial_server.__file__).parent / "app" / "demo_data"
