"""The MLflow process: started by :mod:`fiducial_server.app.mlflow_process` with a listening socket, ends with its parent.

The parent writes one JSON line to standard input, ``{"database": URL}`` (a URL may hold a password, which must not be seen in
the list of processes), and keeps standard input open as long as it lives.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

SCHEMA = "fiducial_models"
"""Where MLflow's tables are in a PostgreSQL database."""
_LOCK = 0x6D6F64656C73  # "models": one process at a time makes the tables


def main(handle: int) -> None:
    database = json.loads(sys.stdin.readline())["database"]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ |= {
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    _serve(_application(database), socket.socket(fileno=handle))


def _application(database: str) -> Any:
    from mlflow.server import app, handlers

    with _alone(database):
        handlers.initialize_backend_stores(database, database, "mlflow-artifacts:/")
    return app


def _serve(application: Any, listening: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        application,
        interface="wsgi",  # in ten threads
        lifespan="off",
        ws="none",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listening])


def _end_with_parent() -> None:
    """A pipe is closed when its writer is gone, however it went."""
    while sys.stdin.read(1):
        pass
    os._exit(0)


@contextmanager
def _alone(database: str) -> Iterator[None]:
    """On PostgreSQL: with the schema there, and no other node making tables at the same time."""
    import sqlalchemy as sa

    url = sa.make_url(database)
    if url.get_backend_name() != "postgresql":
        with nullcontext():
            yield
        return
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_lock(_LOCK)))
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
        connection.commit()
        yield
        connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))


def database_for(database_url: str, data_dir: str) -> str:
    """MLflow's own SQLite file beside ours, or its own schema in our PostgreSQL database."""
    import sqlalchemy as sa

    url = sa.make_url(database_url)
    if url.get_backend_name() != "postgresql":
        return f"sqlite:///{data_dir}/models.sqlite"
    url = url.set(drivername="postgresql+psycopg").update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
