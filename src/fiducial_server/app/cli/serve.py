"""``fiducial serve``: the server."""

from __future__ import annotations

import gc
import json
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from fiducial_server.app.cli import options as o

if TYPE_CHECKING:
    from fiducial_server.app.first_start import Admin
    from fiducial_server.app.settings import Settings

command = typer.Typer(
    help="Run the server.", add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


@command.callback(invoke_without_command=True)
def serve(
    *,
    data_dir: o.DataDir = None,
    host: o.Host = None,
    port: o.Port = None,
    models_port: o.ModelsPort = None,
    database_url: o.DatabaseUrl = None,
    storage_url: o.StorageUrl = None,
    worker: o.Worker = None,
    max_upload_bytes: o.MaxUploadBytes = None,
    strict_instance_uid: o.StrictInstanceUid = None,
    admin_email: o.AdminEmail = None,
    admin_api_key: o.AdminApiKey = None,
    public_url: o.PublicUrl = None,
    log_level: o.LogLevel = None,
    as_json: o.AsJson = False,
) -> None:
    """Run the server until it is told to stop (Ctrl-C). SQLite and local files unless told otherwise."""
    given = {name: value for name, value in locals().items() if name != "as_json"}
    with o.telling_errors():
        _serve(o.settings_from(**given), as_json)


def _serve(settings: Settings, as_json: bool) -> None:
    from fiducial_server.app import logs, server
    from fiducial_server.app.build import build
    from fiducial_server.app.cli.models_port import listen_for_models, models_at
    from fiducial_server.app.first_start import first_start

    logs.set_up(settings.log_level)
    sockets = [server.listen(settings.host, settings.port)]
    settings = replace(settings, port=sockets[0].getsockname()[1])
    no_models = listen_for_models(settings, sockets)
    services = build(settings)
    try:
        admin = first_start(settings, services.access)
    except BaseException:
        services.close()
        raise
    _announce(settings, admin, as_json, no_models)
    # The loop that answers shares the interpreter with threads that decode: let it have its turn after 1 ms, not 5.
    sys.setswitchinterval(0.001)
    # What is loaded by now stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    running = server.make_server(services, models_at(settings, sockets))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # raised again when all is closed: a stop that was asked for ends with 0
    running.run(sockets=sockets)
    if not running.started:
        raise typer.Exit(o.EXIT_FAILED)


def _announce(settings: Settings, admin: Admin, as_json: bool, no_models: str | None) -> None:
    """Where, who, and where the key is; the key itself only when it was made now."""
    models = None if no_models else settings.models_url
    told = {
        "url": settings.url,
        "models_url": models,
        "email": admin.email,
        "admin_file": str(admin.file) if admin.file else None,
    }
    made = admin.created and settings.admin_api_key is None  # who gave a key knows it
    if made:
        told["api_key"] = admin.api_key
    if as_json:
        print(json.dumps(told), flush=True)
        return
    print(f"Fiducial is at {settings.url}", flush=True)
    print(f"  models:  {models or no_models}", flush=True)
    print(f"  user:    {admin.email}", flush=True)
    if made:
        print(f"  API key: {admin.api_key}   (shown once)", flush=True)
    if admin.file:
        print(f"  kept in: {admin.file}", flush=True)
