"""Which SOP classes are images, and so must have pixels (PS3.4 B.5)."""

from __future__ import annotations

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_ENDS = """
1 1.1 1.1.1 1.2 1.2.1 1.3 1.3.1 2 2.1 2.2 3 3.1 4 4.1 4.3 4.4 5 6 6.1 6.2 7 7.1 7.2 7.3 7.4 12.1 12.1.1 12.2 12.2.1
12.3 13.1.1 13.1.2 13.1.3 13.1.4 13.1.5 14.1 14.2 20 30 66.4 66.7 77.1.1 77.1.1.1 77.1.2 77.1.2.1 77.1.3 77.1.4
77.1.4.1 77.1.5.1 77.1.5.2 77.1.5.4 77.1.5.5 77.1.5.6 77.1.5.7 77.1.5.8 77.1.6 77.1.7 128 128.1 130 481.1 481.2
"""
"""Radiography, CT, ultrasound, MR, NM, secondary capture, angiography, tomosynthesis, OCT, parametric map, segmentation,
visible light, ophthalmic and microscopic photography, PET, RT image and RT dose."""
_IMAGES = frozenset(_STORAGE + end for end in _ENDS.split())


def is_image_class(uid: str) -> bool:
    """Whether objects of this class are pixels. Documents, plans, contours, waveforms and unknown classes are not."""
    return uid in _IMAGES
