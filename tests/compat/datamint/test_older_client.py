"""The published datamint 2.0.0 (the generation with ``APIHandler``), not changed, against a real server.

Every scenario in ``scenarios_2_0/`` tells what it did, and a check here looks at it through another door: our own client, or
plain HTTP. A scenario without a check does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fiducial import Api
from tests.compat.datamint import older_checks
from tests.compat.datamint.published import OLDER, Client, context
from tests.running import Running

pytestmark = OLDER.needed


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with OLDER.started(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.mark.parametrize(("module", "name"), OLDER.scenarios(), ids=lambda value: str(value).removeprefix("scenario_"))
def test_scenario(module: str, name: str, client: Client, running: Running, tmp_path: Path) -> None:
    check = getattr(older_checks, name.replace("scenario_", "check_", 1))
    told = client.run(module, name, context(name, running, tmp_path))
    with Api(running.url, running.key) as api:
        check(api, told)
