"""``fiducial demo``: a server with a real sample project in it."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from fiducial_server.app.cli import options as o

if TYPE_CHECKING:
    import uvicorn

    from fiducial_server.app.first_start import Admin
    from fiducial_server.app.settings import Settings

command = typer.Typer(
    help="Run a server with a sample project.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@command.callback(invoke_without_command=True)
def demo(
    *,
    data_dir: o.DataDir = None,
    host: o.Host = None,
    port: o.Port = None,
    models_port: o.ModelsPort = None,
    once: bool = typer.Option(False, "--once", help="Stop when the sample is loaded, instead of serving on"),
) -> None:
    """Start a server, load a sample project into it if it is not there, say where it is, and serve until Ctrl-C."""
    with o.telling_errors():
        _demo(o.settings_from(data_dir=data_dir, host=host, port=port, models_port=models_port), once)


def _demo(settings: Settings, once: bool) -> None:
    from fiducial_server.app import logs, server
    from fiducial_server.app.build import build
    from fiducial_server.app.cli.models_port import listen_for_models, models_at
    from fiducial_server.app.first_start import first_start

    logs.set_up(settings.log_level)
    sockets = [server.listen(settings.host, settings.port)]
    settings = replace(settings, port=sockets[0].getsockname()[1])
    no_models = listen_for_models(settings, sockets)
    services = build(settings)
    admin = first_start(settings, services.access)
    running = server.make_server(services, models_at(settings, sockets))
    failed: list[BaseException] = []
    told = {"models": no_models or settings.models_url, "once": once, "failed": failed}
    loader = threading.Thread(target=_load, args=(settings, admin, running), kwargs=told, daemon=True)
    loader.start()
    running.run(sockets=sockets)
    if failed or not running.started:
        raise typer.Exit(o.EXIT_FAILED)


def _load(
    settings: Settings,
    admin: Admin,
    running: uvicorn.Server,
    *,
    models: str,
    once: bool,
    failed: list[BaseException],
) -> None:
    """Load the sample over HTTP, as anybody would, once the server answers. ``models``: where, or why nowhere."""
    from fiducial import Api
    from fiducial_server.app.sample import NAME, load_sample

    started = threading.Event()
    while not running.started and not started.wait(0.02):
        pass
    try:
        load_sample(Api(server_url=settings.url, api_key=admin.api_key))
    except Exception as error:
        failed.append(error)
        print(f"fiducial: the sample could not be loaded: {error}", file=sys.stderr, flush=True)
        running.should_exit = True
        return
    print(f"Fiducial is at {settings.url}, with the project {NAME!r}", flush=True)
    print(f"  models:   {models}", flush=True)
    print(f"  user:     {admin.email}", flush=True)
    print(f"  API key:  {admin.api_key}", flush=True)
    print(f"  kept in:  {admin.file}   (Ctrl-C stops the server)", flush=True)
    print(
        f"  try:      FIDUCIAL_API_URL={settings.url} FIDUCIAL_API_KEY={admin.api_key} fiducial project list",
        flush=True,
    )
    if once:
        running.should_exit = True
