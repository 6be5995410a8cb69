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
from fiducial_server.db.scope import Scope
from fiducial_server.db.secrets import shared_secret
from fiducial_server.model.actor import Actor, Role
from fiducial_server.model.times import Clock, now_us, to_iso
from fiducial_server.services.change import Change
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
    """``public_url`` is where others reach this server; when it is None, the address that a caller used is told."""

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

    def file(self, actor: Actor, item_id: str, ordinal: int | None, *, base_url: str, origin: str = "datamint") -> Link:
        """A link to the item's one file (of a series the multi-frame file), or to its file ``ordinal``.

        The store's own where it can make one, else ours: below ``base_url`` (``https://host``) or the public URL.
        The event of it is written first; the reads that follow leave none.
        """
        content = self._content(actor, item_id, ordinal)
        link = self._file_link(actor, content, item_id, ordinal, base_url)
        details = {"filename": content.filename, "file": ordinal, "expires_at": to_iso(link.expires_at)}
        self._note(actor, "item.link", item_id, details, origin)
        return link

    def _file_link(self, actor: Actor, content: Content, item_id: str, ordinal: int | None, base_url: str) -> Link:
        signed_at = self._clock()
        url = self._store.signed_url(content.sha256, LIFE_S)
        if url is not None:
            return Link(url, signed_at + LIFE_S * 1_000_000)
        signed = self._signer.sign(_FILE, {**_who(actor), "item": item_id, "file": ordinal}, LIFE_S)
        return Link(f"{(self._public_url or base_url).rstrip('/')}/signed/{signed.token}", signed.expires_at)

    def open_file(self, token: str) -> Content:
        """What a link of ours gives. Unauthenticated when it is forged or over; NotFound when the item was deleted."""
        what = self._signer.verify(_FILE, token).what
        return self._content(self._actor(what), what["item"], what["file"])

    def dataset(self, actor: Actor, dataset_id: str, form: str, *, origin: str = "datamint") -> str:
        """A token for the dataset's archive in one form; making it is an event, as is each archive made with it."""
        signed = self._signer.sign(_DATASET, {**_who(actor), "dataset": dataset_id, "form": form}, LIFE_S)
        details = {"format": form, "expires_at": to_iso(signed.expires_at)}
        self._note(actor, "dataset.link", dataset_id, details, origin)
        return signed.token

    def open_dataset(self, token: str) -> tuple[Actor, str, str]:
        """(for whom, dataset, form) of a token made by :meth:`dataset`; Unauthenticated when it is forged or over."""
        what = self._signer.verify(_DATASET, token).what
        return self._actor(what), what["dataset"], what["form"]

    def _note(self, actor: Actor, action: str, subject_id: str, details: Mapping[str, Any], origin: str) -> None:
        """Who let what out, before anybody has the link."""
        at = self._clock()

        def work(scope: Scope) -> str:
            return Change(scope, actor, origin, at).record(action, subject_id, details)

        self._database.transact(actor.organization_id, work)

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
