"""Names of workers are held by one at a time, and are free again when their holder is gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from fiducial_server.jobs.liveness import FileLiveness, Liveness, PostgresLiveness


@pytest.fixture(params=["file", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Liveness]:
    if request.param == "file":
        return lambda: FileLiveness(tmp_path / "workers")
    url: str = request.getfixturevalue("postgres")
    return lambda: PostgresLiveness(url)


def test_a_name_is_held_once(make: Callable[[], Liveness]) -> None:
    first, second, third = make(), make(), make()
    assert first.hold("node/1") == "node/1"
    assert second.hold("node/1") == "node/1-2"
    first.release()
    assert third.hold("node/1") == "node/1"
    second.release()
    third.release()


def test_who_is_gone(make: Callable[[], Liveness]) -> None:
    first, second, third = make(), make(), make()
    first.hold("first")
    second.hold("second")
    with second.if_gone("first") as gone:
        assert not gone
    first.release()
    with second.if_gone("first") as gone:
        assert gone
        with third.if_gone("first") as told_too:
            assert not told_too
    with third.if_gone("first") as gone:
        assert gone
    second.release()
    third.release()


def test_a_lost_connection_is_made_again(postgres: str) -> None:
    first, second = PostgresLiveness(postgres), PostgresLiveness(postgres)
    first.hold("unlucky")
    with psycopg.connect(postgres, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 3869")
    first.check()
    with second.if_gone("unlucky") as gone:
        assert not gone
    first.release()
    second.release()
