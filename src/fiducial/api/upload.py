"""Uploading many files over several connections, a series as one item, and only what is not there yet.

**Resuming.** Calling the same upload again sends nothing twice. A file counts as there when the server has an item of
exactly these bytes (SHA-256) under the same file name; n local files with the same bytes and name need n such items. A
series counts as there when an item of the same Series Instance UID has exactly the same files; one that broke off is
filled up: its group is found again by a token made from the files' hashes.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from fiducial.api.entity_base_api import without_none
from fiducial.api.form_body import FormBody
from fiducial.api.local_file import LocalFile
from fiducial.api.pages import rows_of
from fiducial.api.progress import Progress, Silent
from fiducial.errors import FiducialError

if TYPE_CHECKING:
    from fiducial.api.connection import Connection

_LOGGER = logging.getLogger(__name__)
_KNOWN_BATCH = 500
_DICOM = "application/dicom"

OnError = Literal["raise", "skip"]
Together = Callable[[LocalFile], tuple[Any, ...] | None]
"""What a file shares with those it belongs together with, the Series Instance UID first; None for one on its own."""


def by_stack(file: LocalFile) -> tuple[Any, ...] | None:
    """Slices of one series and one size, which have a place in the patient."""
    return file.stack


def by_series(file: LocalFile) -> tuple[Any, ...] | None:
    """Everything of one series."""
    return None if file.series_uid is None else (file.series_uid,)


@dataclass(frozen=True)
class UploadFacts:
    """What is said of every file of one call."""

    channel: str | None = None
    modality: str | None = None
    mimetype: str | None = None
    publish: bool = False
    tags: Sequence[str] = ()

    def fields(self, file: LocalFile, metadata: Mapping[str, Any] | None) -> dict[str, str]:
        """The form's text fields beside the file."""
        found = {
            "source": "api",
            "source_filepath": file.source_filepath,
            "mimetype": self.mimetype or file.mimetype,
            "channel": self.channel,
            "modality": self.modality,
            "bypass_inbox": "true" if self.publish else "false",
            "tags": ",".join(self.tags) or None,
            "metadata": json.dumps(metadata) if metadata else None,
        }
        return without_none(found)

    def group(self, series_uid: str, token: str, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
        """What opens a group."""
        found = {
            "filename": series_name(series_uid),
            "mimetype": _DICOM,
            "channel": self.channel,
            "modality": self.modality,
            "bypass_inbox": self.publish,
            "tags": list(self.tags) or None,
            "metadata": dict(metadata) if metadata else None,
            "token": token,
        }
        return without_none(found)


@dataclass(frozen=True)
class ToSend:
    """One file of a call, with what is said of it alone."""

    file: LocalFile
    metadata: Mapping[str, Any] | None = None


@dataclass
class Outcome:
    """What became of a file: ``item_id``, or ``error``. ``reused`` when the server had it already."""

    name: str
    item_id: str | None = None
    error: Exception | None = None
    reused: bool = False


def series_name(series_uid: str) -> str:
    """The file name of a series' item: the same whenever the series is sent."""
    return f"{series_uid}.dcm"


@dataclass
class Uploader:
    """One upload. ``on_error="skip"`` goes on after a refusal and leaves it in the file's outcome."""

    connection: Connection
    facts: UploadFacts
    connections: int = 8
    on_error: OnError = "raise"
    resume: bool = True
    progress: Progress = field(default_factory=Silent)

    def send(self, files: Sequence[ToSend], together: Together | None = None) -> list[Outcome]:
        """Send them all; outcomes in the files' order. Two files or more to which ``together`` gives the same become one item.

        With ``on_error="raise"`` the first error is raised when the transfers under way have ended; what was acknowledged
        until then is there, and the next call finds it.
        """
        outcomes = [Outcome(one.file.name) for one in files]
        with ThreadPoolExecutor(self.connections) as pool:
            groups = self._groups(pool, files, together) if together is not None else {}
            grouped = {place for places in groups.values() for place in places}
            singles = [place for place in range(len(files)) if place not in grouped]
            self._singles(pool, [files[n] for n in singles], [outcomes[n] for n in singles])
            for (uid, *_), places in groups.items():
                self._series(pool, uid, [files[n] for n in places], [outcomes[n] for n in places])
        return outcomes

    # ---- single files

    def _singles(self, pool: ThreadPoolExecutor, files: Sequence[ToSend], outcomes: Sequence[Outcome]) -> None:
        there = self._there(pool, [one.file for one in files]) if self.resume else {}
        work = [
            partial(self._single, one, outcome, there.get(n))
            for n, (one, outcome) in enumerate(zip(files, outcomes, strict=True))
        ]
        self._each(pool, work)

    def _single(self, one: ToSend, outcome: Outcome, there: str | None) -> None:
        if there is not None:
            outcome.item_id, outcome.reused = there, True
            self.progress.moved(one.file.size)
        else:
            self._guard(outcome, partial(self._post, one, outcome))
        self.progress.done()

    def _post(self, one: ToSend, outcome: Outcome) -> None:
        fields = self.facts.fields(one.file, one.metadata)
        answer = self._send_file("/resources", one.file, fields)
        outcome.item_id = str(answer["id"])

    def _send_file(self, path: str, file: LocalFile, fields: Mapping[str, str]) -> Any:
        with file.open() as source:
            mimetype = fields.get("mimetype", _DICOM)
            body = FormBody(fields, source, self.progress, part="resource", filename=file.name, mimetype=mimetype)
            response = self.connection.request("POST", path, content=body, headers=body.headers, what=file.name)
        return response.json()

    def _there(self, pool: ThreadPoolExecutor, files: Sequence[LocalFile]) -> dict[int, str]:
        """By place in ``files``: the id of the item that already is this file. Each item is given once."""
        hashes = list(pool.map(_hash_or_none, files))
        known = self._known(sorted({sha256 for sha256 in hashes if sha256 is not None}))
        ids = [item_id for found in known.values() for item_id in found]
        names = dict(zip(ids, pool.map(self._name_of, ids), strict=True))
        free: dict[tuple[str | None, str], list[str]] = defaultdict(list)
        for sha256, found in known.items():
            for item_id in found:
                free[sha256, names[item_id]].append(item_id)
        places = ((n, free[sha256, file.name]) for n, (file, sha256) in enumerate(zip(files, hashes, strict=True)))
        return {n: candidates.pop(0) for n, candidates in places if candidates}

    def _known(self, hashes: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for start in range(0, len(hashes), _KNOWN_BATCH):
            body = {"sha256": list(hashes[start : start + _KNOWN_BATCH])}
            answer = self.connection.request("POST", "/resources/known", json=body).json()
            found |= {sha256: list(ids) for sha256, ids in answer.get("known", answer).items() if ids}
        return found

    def _name_of(self, item_id: str) -> str:
        return str(self.connection.request("GET", f"/resources/{item_id}").json()["filename"])

    # ---- series

    @staticmethod
    def _groups(
        pool: ThreadPoolExecutor, files: Sequence[ToSend], together: Together
    ) -> dict[tuple[Any, ...], list[int]]:
        """Places of two files or more by what they share; its first part is the Series Instance UID."""
        shared = list(pool.map(lambda one: _readable(together, one.file), files))
        counts = Counter(shared)
        groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for place, key in enumerate(shared):
            if key is not None and counts[key] > 1:
                groups[key].append(place)
        return dict(groups)

    def _series(self, pool: ThreadPoolExecutor, uid: str, files: Sequence[ToSend], outcomes: Sequence[Outcome]) -> None:
        hashes = list(pool.map(lambda one: one.file.sha256, files))
        done = self._finished_series(uid, hashes) if self.resume else None
        if done is not None:
            self._mark(outcomes, done, reused=True)
            for one in files:
                self.progress.moved(one.file.size)
                self.progress.done()
            return
        group_id = self._open_group(uid, hashes, next((one.metadata for one in files if one.metadata), None))
        there = set(self._hashes_of(f"/resources/groups/{group_id}/files"))
        work = [
            partial(self._into, group_id, one, outcome, sha256 in there)
            for one, outcome, sha256 in zip(files, outcomes, hashes, strict=True)
        ]
        self._each(pool, work)
        taken = [outcome for outcome in outcomes if outcome.error is None]
        if taken:
            self.connection.request("POST", f"/resources/groups/{group_id}/close", what=series_name(uid))
            self._mark(taken, group_id)
        else:
            self.connection.request("DELETE", f"/resources/groups/{group_id}")

    def _open_group(self, uid: str, hashes: Sequence[str], metadata: Mapping[str, Any] | None) -> str:
        """A new group, or the one that an earlier call with the same files left open."""
        token = _token(uid, hashes) if self.resume else secrets.token_hex(16)
        facts = self.facts.group(uid, token, metadata)
        return str(self.connection.request("POST", "/resources/groups", json=facts, what=uid).json()["id"])

    def _into(self, group_id: str, one: ToSend, outcome: Outcome, known: bool) -> None:
        if known:
            outcome.reused = True
            self.progress.moved(one.file.size)
        else:
            path = f"/resources/groups/{group_id}/files"
            self._guard(outcome, partial(self._send_file, path, one.file, {"mimetype": _DICOM}))
        self.progress.done()

    def _finished_series(self, uid: str, hashes: Sequence[str]) -> str | None:
        """The item of this series that holds exactly these files; None when there is none."""
        params: dict[str, str | int] = {"filename": series_name(uid), "status": "", "offset": 0, "limit": 50}
        wanted = set(hashes)
        for row in rows_of(self.connection.request("GET", "/resources", params=params).content, "resources"):
            if row.get("state") != "open" and set(self._hashes_of(f"/resources/{row['id']}/files")) == wanted:
                return str(row["id"])
        return None

    def _hashes_of(self, path: str) -> list[str]:
        rows = rows_of(self.connection.request("GET", path).content, "files")
        return [str(row["sha256"]) for row in rows]

    # ---- all

    @staticmethod
    def _mark(outcomes: Sequence[Outcome], item_id: str, reused: bool = False) -> None:
        for outcome in outcomes:
            outcome.item_id = item_id
            outcome.reused = outcome.reused or reused

    def _guard(self, outcome: Outcome, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            if self.on_error == "raise":
                raise
            _LOGGER.warning("%s was not uploaded: %s", outcome.name, error)
            outcome.error = error

    @staticmethod
    def _each(pool: ThreadPoolExecutor, work: Sequence[Callable[[], None]]) -> None:
        """All of it; after an error nothing new is begun, and the first one is raised."""
        futures = [pool.submit(one) for one in work]
        try:
            for future in futures:
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _hash_or_none(file: LocalFile) -> str | None:
    try:
        return file.sha256
    except (OSError, FiducialError):
        return None  # sending it will say what is wrong


def _readable(together: Together, file: LocalFile) -> tuple[Any, ...] | None:
    try:
        return together(file)
    except (OSError, FiducialError):
        return None


def _token(series_uid: str, hashes: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([series_uid, *sorted(hashes)]).encode()).hexdigest()
