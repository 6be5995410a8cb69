"""A well-formed upload of any size that is never whole in this process's memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import httpx

BOUNDARY = "fiducial-large-7c1e"
CHUNK = 1 << 20


def nifti_header(voxels: int) -> bytes:
    """A NIfTI-1 header of an int16 volume of about so many voxels: 512 x 512 x n."""
    slices = max(1, voxels // (512 * 512))
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 512, 512, slices, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0)
    struct.pack_into("<fff", header, 108, 352, 1, 0)
    header[123] = 2
    struct.pack_into("<hh", header, 252, 0, 1)
    for row in range(3):
        struct.pack_into("<4f", header, 280 + 16 * row, *(1.0 if c == row else 0.0 for c in range(4)))
    header[344:348] = b"n+1\0"
    return bytes(header)


def post_large_nifti(url: str, key: str, size: int) -> str:
    """Upload a volume of about ``size`` bytes; the new item's id."""
    slices = max(1, size // 2 // (512 * 512))
    body_size = 352 + slices * 512 * 512 * 2
    before = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="resource"; filename="large.nii"\r\n'
        "Content-Type: application/nifti\r\n\r\n"
    ).encode()
    after = f"\r\n--{BOUNDARY}--\r\n".encode()

    def pieces() -> Iterator[bytes]:
        yield before + nifti_header(slices * 512 * 512)
        left, zeros = body_size - 352, bytes(CHUNK)
        while left > 0:
            yield zeros[: min(CHUNK, left)]
            left -= CHUNK
        yield after

    headers = {
        "apikey": key,
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(before) + body_size + len(after)),
    }
    answer = httpx.post(f"{url}/resources", content=pieces(), headers=headers, timeout=600)
    answer.raise_for_status()
    return str(answer.json()["id"])
