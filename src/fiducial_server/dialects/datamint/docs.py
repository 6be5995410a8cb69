"""The dialect's addresses for a person: one page, nothing loaded from elsewhere (a hospital's network may have no outside)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
code{background:#8881;padding:.1em .3em;border-radius:3px}h2{margin-top:2em}dt{margin-top:.8em}dd{margin:.2em 0 0 1.5em}"""

FileRoute = tuple[str, str, Callable[..., Any]]
"""Path, the name of the part that is the file, and the function whose sentence describes it."""


def described(app: FastAPI, file_routes: Sequence[FileRoute]) -> dict[str, Any]:
    """The OpenAPI document, with the routes that take files, which FastAPI does not see."""
    if app.openapi_schema is None:
        whole = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        for path, part, work in file_routes:
            whole["paths"].setdefault(path, {})["post"] = _file_operation(part, work)
        app.openapi_schema = whole
    return app.openapi_schema


def _file_operation(part: str, work: Callable[..., Any]) -> dict[str, Any]:
    form = {"type": "object", "required": [part], "properties": {part: {"type": "string", "format": "binary"}}}
    return {
        "tags": ["uploads"],
        "summary": work.__name__.replace("_", " ").capitalize(),
        "description": (work.__doc__ or "").strip(),
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}},
        "responses": {"200": {"description": "Successful Response"}},
    }


async def page(request: Request) -> Response:
    """Every address with its sentence, made from the OpenAPI document beside it."""
    app: FastAPI = request.app
    groups: dict[str, list[str]] = {}
    for path, verbs in app.openapi()["paths"].items():
        for verb, facts in verbs.items():
            about = facts.get("description") or facts.get("summary") or ""
            line = f"<dt><code>{verb.upper()} {escape(path)}</code></dt><dd>{escape(about)}</dd>"
            groups.setdefault((facts.get("tags") or ["other"])[0], []).append(line)
    body = "".join(f"<h2>{escape(name)}</h2><dl>{''.join(lines)}</dl>" for name, lines in groups.items())
    link = f'<p>The same as an <a href="{escape(app.openapi_url or "")}">OpenAPI document</a>.</p>'
    head = f"<!doctype html><meta charset=utf-8><title>{escape(app.title)}</title><style>{_STYLE}</style>"
    return HTMLResponse(f"{head}<h1>{escape(app.title)}</h1><p>{escape(app.description)}</p>{link}{body}")
