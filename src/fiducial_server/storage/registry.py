"""Which store a URL means."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from fiducial.errors import Invalid
from fiducial_server.storage.base import BlobStore

REMOTE_SCHEMES = frozenset({"s3", "s3a", "gs", "az", "azure", "abfs", "abfss"})


def open_store(url: str, spool_dir: Path) -> BlobStore:
    """``file:///folder`` or a plain path, ``s3://bucket/prefix``, ``gs://bucket/prefix``, ``az://container/prefix``.

    ``spool_dir`` is where files are received before they go to a remote store; a local folder receives beside itself,
    so that a received file can become a stored one without being copied.
    """
    scheme = urlsplit(url).scheme
    if scheme in REMOTE_SCHEMES:
        from fiducial_server.storage.remote import RemoteStore

        return RemoteStore(url, spool_dir)
    if scheme not in {"", "file"}:
        known = ", ".join(sorted({"file", *REMOTE_SCHEMES}))
        raise Invalid(f"no storage is known for {scheme}:// URLs; use one of {known}", field="storage_url")
    from fiducial_server.storage.local import LocalStore

    return LocalStore(Path(unquote(urlsplit(url).path)) if scheme else Path(url))
