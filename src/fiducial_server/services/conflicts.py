"""The same SOP Instance UID on other bytes: never an overwrite, always a finding on both, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fiducial.errors import Conflict
from fiducial.media.base import Finding, Severity
from fiducial_server.db import files, findings, items
from fiducial_server.db.files import InstanceUse
from fiducial_server.db.scope import Scope

CODE = "instance-uid-conflict"
MOST_PASSED_OVER = 500
MOST_TOLD = 10
"""Other items that one finding names, and such findings that one item gets from later uploads."""


def uses_of(scope: Scope, pairs: Sequence[tuple[str, str]]) -> dict[str, list[InstanceUse]]:
    """UID -> who carries it, as far as that can be a conflict with one of these (UID, SHA-256)."""
    hashes: dict[str, set[str]] = {}
    for uid, sha256 in pairs:
        hashes.setdefault(uid, set()).add(sha256)
    known = sorted({sha256 for _, sha256 in pairs})[:MOST_PASSED_OVER]
    uses = files.uses_of_instances(scope, sorted(hashes), other_than=known)
    among_them = sorted(uid for uid, found in hashes.items() if len(found) > 1)
    return uses | files.uses_of_instances(scope, among_them)


def others(uses: Sequence[InstanceUse], sha256: str) -> list[InstanceUse]:
    """Those of a UID's uses that are other bytes."""
    return [use for use in uses if use.sha256 != sha256]


def refusal(uid: str, sha256: str, found: Sequence[InstanceUse]) -> Conflict:
    """The error of the strict setting."""
    first = found[0]
    return Conflict(
        f"SOP Instance UID {uid} is already there with other bytes: item {first.item_id} has SHA-256 {first.sha256}, "
        f"this file has {sha256}",
        instance_uid=uid,
        existing_id=first.item_id,
        existing_sha256=first.sha256,
        sha256=sha256,
    )


def finding(uid: str, sha256: str, found: Sequence[InstanceUse]) -> Finding:
    """What an item is told whose file (``sha256``) shares its UID with others."""
    told = [{"item_id": use.item_id, "sha256": use.sha256} for use in found[:MOST_TOLD]]
    names = ", ".join(f"item {use.item_id} (SHA-256 {use.sha256})" for use in found[:MOST_TOLD])
    return Finding(
        CODE,
        Severity.WARNING,
        f"SOP Instance UID {uid} is also on other bytes: {names}; this file has SHA-256 {sha256}",
        {"instance_uid": uid, "sha256": sha256, "others": told, "other_count": len(found)},
    )


def tell(scope: Scope, new: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, list[Finding]]:
    """Tell items, and those they collide with, of each other. ``new``: item id -> (UID, SHA-256) of files that came to it.

    Gives the findings of each of the new items; the others get theirs written.
    Call it when the new files' rows are there. Telling twice adds nothing: an item that was told of a pair is not told again.
    """
    uses = uses_of(scope, [pair for pairs in new.values() for pair in pairs])
    if not uses:
        return {}
    mine: dict[str, list[Finding]] = {}
    theirs: dict[str, list[Finding]] = {}
    for item_id, pairs in new.items():
        for uid, sha256 in pairs:
            found = others(uses.get(uid, ()), sha256)
            if not found:
                continue
            mine.setdefault(item_id, []).append(finding(uid, sha256, found))
            for use in found[:MOST_TOLD]:
                if use.item_id not in new:
                    back = finding(uid, use.sha256, [InstanceUse(item_id, sha256)])
                    theirs.setdefault(use.item_id, []).append(back)
    _tell_others(scope, theirs)
    return mine


def _tell_others(scope: Scope, theirs: Mapping[str, Sequence[Finding]]) -> None:
    for item_id in sorted(theirs):
        items.hold(scope, item_id)
    told = findings.findings_of(scope, sorted(theirs))
    new = []
    for item_id in sorted(theirs):
        known = [f for f in told.get(item_id, ()) if f.code == CODE]
        room = MOST_TOLD - len(known)
        fresh = [f for f in theirs[item_id] if not any(_names(k, f) for k in known)]
        new += [(item_id, f) for f in fresh[: max(room, 0)]]
    findings.append(scope, new)


def _names(known: Finding, fresh: Finding) -> bool:
    """Whether what ``fresh`` tells is told by ``known``."""
    wanted = [(o["item_id"], o["sha256"]) for o in fresh.evidence["others"]]
    same = known.evidence.get("instance_uid") == fresh.evidence["instance_uid"]
    return same and all((o["item_id"], o["sha256"]) in wanted for o in known.evidence.get("others", ()))
