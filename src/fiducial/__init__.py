"""Fiducial: medical images and labels in, training-ready data out."""

from __future__ import annotations

__version__ = "0.1.0"
