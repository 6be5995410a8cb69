"""The synthetic corpus: made once by the shared deterministic script, kept outside version control."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.shared_data import SHARED

FOLDER = Path(__file__).parent / "corpus"


def corpus() -> Path:
    """10 series of 200 CT slices, 500 pictures, 5 volumes (about 1.2 GB); raises when the script is not at hand."""
    if not (FOLDER / "manifest.json").exists():
        script = SHARED / "bench" / "make_corpus.py"
        if not script.exists():
            raise FileNotFoundError(f"the corpus is made by {script}, which is not there (set FIDUCIAL_SHARED)")
        subprocess.run([sys.executable, str(script), str(FOLDER)], check=True)
    return FOLDER
