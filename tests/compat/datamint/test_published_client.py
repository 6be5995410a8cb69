"""The published datamint 2.45.0, not changed in any way, against a real server: every ``scenario_*`` in ``scenarios/``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compat.datamint.published import TODAYS, Client, context
from tests.running import Running
from tests.shared_data import SHARED_DATA

pytestmark = TODAYS.needed


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with TODAYS.started(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.mark.parametrize(("module", "name"), TODAYS.scenarios(), ids=lambda value: str(value).removeprefix("scenario_"))
def test_scenario(module: str, name: str, client: Client, running: Running, tmp_path: Path) -> None:
    needs_shared_data = "shared" in name
    if needs_shared_data and not SHARED_DATA.is_dir():
        pytest.skip(f"the shared real test data is not at {SHARED_DATA}")
    client.run(module, name, context(name, running, tmp_path))
