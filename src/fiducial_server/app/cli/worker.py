"""``fiducial worker``: a further process that does jobs."""

from __future__ import annotations

import typer

from fiducial_server.app.cli import options as o

command = typer.Typer(
    help="Run a worker process.", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


@command.callback(invoke_without_command=True)
def worker(
    data_dir: o.DataDir = None,
    database_url: o.DatabaseUrl = None,
    storage_url: o.StorageUrl = None,
    log_level: o.LogLevel = None,
) -> None:
    """Do jobs until told to stop. The database must be that of a server of this release."""
    from fiducial_server.app import logs
    from fiducial_server.app.build import build
    from fiducial_server.app.worker import run_worker

    with o.telling_errors():
        settings = o.settings_from(
            data_dir=data_dir, database_url=database_url, storage_url=storage_url, log_level=log_level, worker=True
        )
        logs.set_up(settings.log_level)
        services = build(settings, migrated=False)
        print("Fiducial worker is running", flush=True)
        run_worker(services)
