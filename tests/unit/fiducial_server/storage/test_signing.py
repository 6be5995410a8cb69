"""A signed link's token gives one thing for a while, and cannot be changed into another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Unauthenticated
from fiducial_server.storage.signing import Grant, UrlSigner

SECRET = bytes(range(32))
WHAT = {"item": "ab" * 18}


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@given(name=st.none() | st.text(), expires_s=st.integers(1, 10**9))
def test_what_was_signed_is_granted(name: str | None, expires_s: int) -> None:
    signer = UrlSigner(SECRET, Clock())
    signed = signer.sign("file", {**WHAT, "name": name}, expires_s)
    assert signed.expires_at == 1_000_000 + expires_s * 1_000_000
    assert signer.verify("file", signed.token) == Grant({**WHAT, "name": name}, signed.expires_at)


def test_it_is_over_after_a_while() -> None:
    clock = Clock()
    signer = UrlSigner(SECRET, clock)
    token = signer.sign("file", WHAT, 10).token
    clock.now += 9_999_999
    signer.verify("file", token)
    clock.now += 1
    with pytest.raises(Unauthenticated, match="over"):
        signer.verify("file", token)


@given(position=st.integers(0, 10**6), letter=st.characters(codec="utf-8"))
def test_no_letter_can_be_changed(position: int, letter: str) -> None:
    signer = UrlSigner(SECRET, Clock())
    token = signer.sign("file", WHAT, 60).token
    at = position % len(token)
    changed = token[:at] + letter + token[at + 1 :]
    try:
        granted = signer.verify("file", changed)
    except Unauthenticated:
        return
    assert granted == signer.verify("file", token)  # the letter was the same, or one of base64's spare bits


@given(st.text())
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        UrlSigner(SECRET).verify("file", token)


def test_a_token_for_one_purpose_is_none_for_another() -> None:
    signer = UrlSigner(SECRET)
    with pytest.raises(Unauthenticated, match="not made by this server"):
        signer.verify("dataset", signer.sign("file", WHAT, 60).token)


def test_another_servers_token_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="not made by this server"):
        UrlSigner(SECRET).verify("file", UrlSigner(bytes(32)).sign("file", WHAT, 60).token)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        UrlSigner(b"short")
