"""Bytes in a bucket of S3 (or what speaks its protocol), Google Cloud Storage or Azure, through obstore.

Credentials and region come from the environment under the names the clouds' own tools use (``AWS_ACCESS_KEY_ID``,
``GOOGLE_APPLICATION_CREDENTIALS``, ``AZURE_STORAGE_ACCOUNT_NAME`` ...). Another S3 server than Amazon's is named by
``FIDUCIAL_S3_ENDPOINT``, or in the URL: ``s3://bucket/prefix?endpoint=http://host:9000&region=eu-1``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import obstore
from obstore.exceptions import AlreadyExistsError, NotSupportedError
from obstore.store import ObjectStore, from_url

from fiducial_server.model.times import now_us
from fiducial_server.storage.base import Spool
from fiducial_server.storage.faults import translated
from fiducial_server.storage.objects import ObjectBlobs, object_name
from fiducial_server.storage.spool import SpoolRoom

WHOLE_LIMIT = 8 << 20
"""Up to this many bytes a file goes in one request, which can be create-only; above, in parts of this size."""
PARTS_AT_ONCE = 4
FRESH_US = 15 * 60 * 1_000_000
"""Bytes that were written so lately are not written again. Less than the hour for which what was kept stays."""
_S3 = frozenset({"s3", "s3a"})


class RemoteStore(ObjectBlobs):
    """``options`` are obstore's configuration keys for the backend; they win over URL and environment."""

    def __init__(self, url: str, spool_dir: Path, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(open_objects(url, options or {}), SpoolRoom(spool_dir))

    def keep(self, spool: Spool) -> bool:
        spool.finish()
        key = spool.sha256
        with translated(f"store {key}"):
            new = self._put_whole(spool, key) if spool.size <= WHOLE_LIMIT else self._put_parts(spool, key)
        spool.discard()
        return new

    def _put_whole(self, spool: Spool, key: str) -> bool:
        try:
            obstore.put(self.objects, object_name(key), spool.path, mode="create", use_multipart=False)
        except AlreadyExistsError:
            if not self._is_fresh(key):
                self._write(spool, key)
            return False
        except NotSupportedError:  # a server without conditional writes
            return self._put_parts(spool, key)
        return True

    def _put_parts(self, spool: Spool, key: str) -> bool:
        """Look first, then write. Two that write at once write the same bytes, and each write is seen whole or not."""
        new = self.size(key) != spool.size
        if new or not self._is_fresh(key):
            self._write(spool, key)
        return new

    def _write(self, spool: Spool, key: str) -> None:
        obstore.put(self.objects, object_name(key), spool.path, chunk_size=WHOLE_LIMIT, max_concurrency=PARTS_AT_ONCE)

    def _is_fresh(self, key: str) -> bool:
        """Whether :meth:`forget` leaves it alone for long enough. If not it is written again, to be new: old bytes that come
        again may be those that no row names, and a bucket has no cheaper way to make them young."""
        stored_at = self._stored_at(key)
        return stored_at is not None and stored_at >= now_us() - FRESH_US

    def signed_url(self, key: str, expires_s: int, *, filename: str | None = None) -> str | None:
        """None when a file name is asked for: the clouds' signers here cannot promise one, our own URLs can."""
        if filename is not None:
            return None
        with translated(f"sign a URL for {key}"):
            return obstore.sign(cast(Any, self.objects), "GET", object_name(key), timedelta(seconds=expires_s))


def open_objects(url: str, options: Mapping[str, Any]) -> ObjectStore:
    parts = urlsplit(url)
    config: dict[str, Any] = dict(parse_qsl(parts.query))
    if parts.scheme in _S3 and (endpoint := os.environ.get("FIDUCIAL_S3_ENDPOINT")):
        config.setdefault("endpoint", endpoint)
    config.update(options)
    client = {"connect_timeout": "10s", "timeout": "120s"}
    if str(config.get("endpoint", "")).startswith("http://"):
        client["allow_http"] = "true"
    retry = {"max_retries": 4, "retry_timeout": timedelta(seconds=20)}  # the caller of a request is waiting
    with translated(f"use {url} as storage"):
        return from_url(
            urlunsplit(parts._replace(query="")),
            config=cast(Any, config),
            client_options=cast(Any, client),
            retry_config=cast(Any, retry),
        )
