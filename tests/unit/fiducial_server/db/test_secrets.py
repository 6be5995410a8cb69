"""One secret for all server processes on a database, whoever asks first."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from fiducial_server.db.engine import Database
from fiducial_server.db.secrets import shared_secret
from fiducial_server.db.tables import server_secret


@pytest.fixture
def several(database_url: str) -> Iterator[list[Database]]:
    """Engines of their own, as server processes have them."""
    opened = [Database(database_url) for _ in range(6)]
    yield opened
    for one in opened:
        one.close()


def test_all_that_ask_at_once_get_the_same(several: list[Database]) -> None:
    with ThreadPoolExecutor(len(several)) as pool:
        found = set(pool.map(lambda one: shared_secret(one, "links", 1), several))
    assert len(found) == 1
    assert len(found.pop()) == 32
    with several[0].system() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(server_secret)).scalar_one() == 1


def test_it_stays_and_names_have_their_own(several: list[Database]) -> None:
    first = shared_secret(several[0], "links", 1)
    assert shared_secret(several[1], "links", 2) == first
    assert shared_secret(several[1], "other", 2) != first
