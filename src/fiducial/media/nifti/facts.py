"""A NIfTI header as the facts every format gives, with what is not ordinary about it."""

from __future__ import annotations

import math

from fiducial.media.base import Finding, Header, MediaKind, Severity
from fiducial.media.nifti.header import NiftiHeader
from fiducial.media.nifti.orientation import Orientation, orient

INTENT_LABEL = 1002


def describe(nifti: NiftiHeader) -> Header:
    """Facts of the file; ``metadata['affine']`` is the same geometry as ``voxel_to_patient``, in RAS and mm."""
    x, y, z, t = nifti.shape_xyzt
    place = orient(nifti)
    return Header(
        kind=MediaKind.NIFTI,
        format="nifti",
        mimetype="application/nifti",
        width=x,
        height=y,
        frame_count=z * t,
        time_points=t,
        samples_per_pixel=nifti.channels,
        bits_stored=nifti.dtype.itemsize * 8,
        signed=nifti.dtype.kind in "if",
        photometric_interpretation="MONOCHROME2" if nifti.channels == 1 else "RGB",
        spacing_zyx_mm=place.spacing_zyx_mm,
        voxel_to_patient=place.voxel_to_patient,
        is_volume=z > 1 and place.voxel_to_patient is not None,
        metadata=_metadata(nifti, place),
        findings=(*place.findings, *_findings(nifti)),
    )


def _metadata(nifti: NiftiHeader, place: Orientation) -> dict[str, object]:
    affine = None if place.voxel_to_ras is None else [list(row) for row in place.voxel_to_ras]
    return {
        "dims": list(nifti.dim),
        "pixDims": [_finite(n) for n in nifti.pixdim],
        "affine": affine,
        "affine_source": place.origin,
        "datatype": nifti.datatype,
        "qformCode": nifti.qform_code,
        "sformCode": nifti.sform_code,
        "voxOffset": nifti.vox_offset,
        "description": nifti.description,
        "scl_slope": _finite(nifti.scl_slope),
        "scl_inter": _finite(nifti.scl_inter),
        "intentCode": nifti.intent_code,
        "xyztUnits": nifti.xyzt_units,
        "niftiVersion": nifti.version,
        "byteOrder": "little" if nifti.byte_order == "<" else "big",
        "frame_count": nifti.frame_count,
        "time_points": nifti.shape_xyzt[3],
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _findings(nifti: NiftiHeader) -> list[Finding]:
    found = []
    if nifti.vox_offset_missing:
        text = f"vox_offset is 0, inside the header: data are taken to start at byte {nifti.vox_offset}."
        found.append(Finding("missing-vox-offset", Severity.WARNING, text, {"used": nifti.vox_offset}))
    expected_bits = nifti.dtype.itemsize * 8 * nifti.channels
    if nifti.bitpix != expected_bits:
        text = f"bitpix is {nifti.bitpix} where datatype {nifti.datatype} has {expected_bits}; datatype is used."
        found.append(Finding("bitpix-disagrees", Severity.WARNING, text, {"bitpix": nifti.bitpix}))
    if math.isinf(nifti.scl_slope):
        found.append(Finding("infinite-slope", Severity.WARNING, "scl_slope is infinite: no scaling is applied."))
    if any(nifti.dim[n] == 0 for n in range(4, nifti.dim[0] + 1)):
        text = "A dimension beyond the third has size 0; it is counted as 1."
        found.append(Finding("zero-dimension", Severity.WARNING, text, {"dim": list(nifti.dim)}))
    if any(n < 0 for n in nifti.pixdim[1:4]):
        text = "A voxel size is negative; its absolute value is used."
        found.append(Finding("negative-voxel-size", Severity.WARNING, text, {"pixdim": _metadata_sizes(nifti)}))
    found += _label_findings(nifti)
    if nifti.channels > 1:
        text = f"Each voxel is a colour ({nifti.channels} bytes), not a measured value."
        found.append(Finding("colour-voxels", Severity.INFO, text, {"datatype": nifti.datatype}))
    return found


def _metadata_sizes(nifti: NiftiHeader) -> list[float | None]:
    return [_finite(n) for n in nifti.pixdim[1:4]]


def _label_findings(nifti: NiftiHeader) -> list[Finding]:
    if nifti.intent_code != INTENT_LABEL or (nifti.dtype.kind in "iu" and nifti.scaling is None):
        return []
    text = "The file says it holds labels, but stores them as scaled or floating-point numbers: check they are whole."
    return [Finding("label-as-float", Severity.WARNING, text, {"datatype": nifti.datatype})]
