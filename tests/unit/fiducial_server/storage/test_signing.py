"""A signed URL's token gives one key for a while, and cannot be changed into another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiducial.errors import Unauthenticated
from fiducial_server.storage.signing import Grant, UrlSigner

SECRET = bytes(range(32))
KEY = "ab" * 32


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@given(filename=st.none() | st.text(), expires_s=st.integers(1, 10**9))
def test_what_was_signed_is_granted(filename: str | None, expires_s: int) -> None:
    signer = UrlSigner(SECRET, Clock())
    token = signer.sign(KEY, expires_s, filename=filename)
    assert signer.verify(token) == Grant(KEY, 1_000_000 + expires_s * 1_000_000, filename)


def test_it_is_over_after_a_while() -> None:
    clock = Clock()
    signer = UrlSigner(SECRET, clock)
    token = signer.sign(KEY, 10)
    clock.now += 9_999_999
    signer.verify(token)
    clock.now += 1
    with pytest.raises(Unauthenticated, match="over"):
        signer.verify(token)


@given(position=st.integers(0, 10**6), letter=st.characters(codec="utf-8"))
def test_no_letter_can_be_changed(position: int, letter: str) -> None:
    signer = UrlSigner(SECRET, Clock())
    token = signer.sign(KEY, 60, filename="a.dcm")
    at = position % len(token)
    changed = token[:at] + letter + token[at + 1 :]
    try:
        granted = signer.verify(changed)
    except Unauthenticated:
        return
    assert granted == signer.verify(token)  # the letter was the same, or one of base64's spare bits


@given(st.text())
def test_anything_else_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        UrlSigner(SECRET).verify(token)


def test_another_servers_token_is_refused() -> None:
    with pytest.raises(Unauthenticated, match="not made by this server"):
        UrlSigner(SECRET).verify(UrlSigner(bytes(32)).sign(KEY, 60))


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        UrlSigner(b"short")
