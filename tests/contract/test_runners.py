"""Every job runner passes the shipped contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fiducial_server.db.engine import sqlite_url
from fiducial_server.jobs.base import JobLedger
from fiducial_server.jobs.dbos_runner import DbosRunner, Pace
from fiducial_server.jobs.inline import InlineRunner
from fiducial_server.testing.runner_contract import JobRunnerTests
from tests.conftest import run_sql, with_database

QUICK = Pace(sweep_s=0.05, quiet_s=0.01, longest_wait_s=0.1, take_over_s=0.1, retry_s=0.1)


@pytest.fixture(scope="module")
def jobs_url(postgres: str) -> str:
    """One database for all tests of this file, as a server that lives long has; under the name of its driver."""
    run_sql(postgres, "CREATE DATABASE runner_contract")
    return with_database(postgres, "runner_contract").replace("postgresql://", "postgresql+psycopg://")


class TestInlineRunner(JobRunnerTests):
    @pytest.fixture
    def make_runner(self) -> Callable[[JobLedger], InlineRunner]:
        return InlineRunner


class TestDbosRunnerOnSqlite(JobRunnerTests):
    @pytest.fixture
    def make_runner(self, tmp_path: Path) -> Callable[[JobLedger], DbosRunner]:
        url = sqlite_url(tmp_path / "fiducial.db")
        return lambda ledger: DbosRunner(ledger, database_url=url, executor_id="here", pace=QUICK)


class TestDbosRunnerOnPostgres(JobRunnerTests):
    @pytest.fixture
    def make_runner(self, jobs_url: str) -> Callable[[JobLedger], DbosRunner]:
        return lambda ledger: DbosRunner(ledger, database_url=jobs_url, executor_id="here", pace=QUICK)
