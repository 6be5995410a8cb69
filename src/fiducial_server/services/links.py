"""Links that need no key: to one file, or to one dataset's archive, for a while.

A token says whose request it stands for, so what it gives is looked up in that organization when it is used: what was
deleted meanwhile is not found, and who lost their access has no link either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fiducial.errors import Unauthenticated
from fiducial_server.db import users
from fiducial_server.db.engine import Database
from fiducial_server.db.secrets import shared_secret
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.times import Clock, now_us
from fiducial_server.services.content import Content
from fiducial_server.services.items import Items
from fiducial_server.storage.base import BlobStore
from fiducial_server.storage.signing import UrlSigner

LIFE_S = 3600
_FILE, _DATASET = "file", "dataset"
_SECRET = "links"


@dataclass(frozen=True, slots=True)
class Link:
    """``url`` is absolute; ``expires_at`` in us."""

    url: str
    expires_at: int


class Links:
    """``public_url`` is where others reach this server; when it is None, the origin that a caller used is told."""

    def __init__(
        self, database: Database, store: BlobStore, items: Items, *, public_url: str | None, clock: Clock = now_us
    ) -> None:
        self._database = database
        self._store = store
        self._items = items
        self._public_url = public_url
        self._clock = clock

    @cached_property
    def _signer(self) -> UrlSigner:
        return UrlSigner(shared_secret(self._database, _SECRET, self._clock()), self._clock)

    def file(self, actor: Actor, item_id: str, ordinal: int | None, *, origin: str) -> Link:
        """A link to the item's one file (of a series the multi-frame file), or to its file ``ordinal``.

        The store's own where it can make one, else ours: below ``origin`` (``https://host``) or the public URL.
        """
        content = self._content(actor, item_id, ordinal)
        signed_at = self._clock()
        url = self._store.signed_url(content.sha256, LIFE_S)
        if url is not None:
            return Link(url, signed_at + LIFE_S * 1_000_000)
        signed = self._signer.sign(_FILE, {**_who(actor), "item": item_id, "file": ordinal}, LIFE_S)
        return Link(f"{(self._public_url or origin).rstrip('/')}/signed/{signed.token}", signed.expires_at)

    def open_file(self, token: str) -> Content:
        """What a link of ours gives. Unauthenticated when it is forged or over; NotFound when the item was deleted."""
        what = self._signer.verify(_FILE, token).what
        return self._content(self._actor(what), what["item"], what["file"])

    def dataset(self, actor: Actor, dataset_id: str, form: str) -> str:
        """A token for the dataset's archive in one form."""
        return self._signer.sign(_DATASET, {**_who(actor), "dataset": dataset_id, "form": form}, LIFE_S).token

    def open_dataset(self, token: str) -> tuple[Actor, str, str]:
        """(for whom, dataset, form) of a token made by :meth:`dataset`; Unauthenticated when it is forged or over."""
        what = self._signer.verify(_DATASET, token).what
        return self._actor(what), what["dataset"], what["form"]

    def _content(self, actor: Actor, item_id: str, ordinal: int | None) -> Content:
        self._items.get(actor, item_id, deleted=False)
        if ordinal is None:
            return self._items.content(actor, item_id)
        return self._items.file_content(actor, item_id, ordinal)

    def _actor(self, what: Mapping[str, Any]) -> Actor:
        """Who signed, as somebody who may only look."""
        with self._database.read(what["organization"]) as scope:
            user = users.find(scope, what["email"])
        if user is None or user.disabled_at is not None:
            raise Unauthenticated("the link is of somebody who has no access any more")
        return Actor(what["organization"], user.id, user.email, frozenset({Role.VIEWER}))


def _who(actor: Actor) -> dict[str, str]:
    return {"organization": actor.organization_id, "email": actor.email}
