"""Invitations. Accepting one is the only thing that is done without a key; the secret of the link stands for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fiducial_server.dialects.datamint.body import Fields, json_object, read_json
from fiducial_server.dialects.datamint.call import ORIGIN, Calling, JsonObject
from fiducial_server.dialects.datamint.wire.invitation import accepted, invitation, invited
from fiducial_server.dialects.datamint.wire.listing import done, json
from fiducial_server.dialects.services import Services
from fiducial_server.model.ids import parse_id
from fiducial_server.model.invitation import NewInvitation
from fiducial_server.services.invitations import ACCEPT_PATH

router = APIRouter(tags=["invitations"])

WITHOUT_KEY = frozenset({("GET", ACCEPT_PATH), ("POST", ACCEPT_PATH)})
"""The addresses that the guard lets through."""
GUEST_BYTES = 64 << 10
"""The most that somebody without a key may send."""


async def _guest(request: Request) -> Fields:
    return Fields(json_object(await read_json(request, GUEST_BYTES)))


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


@router.post("/users/invite")
def invite(call: Calling, body: JsonObject) -> Response:
    """``{email, firstname, lastname, return_url, project_id, project_roles, annotation_worklist_id}``; administrators only.

    The answer has the link, once: no mail is sent. A user becomes a member of the project at once.
    """
    wanted = NewInvitation(
        email=body.required_text("email"),
        firstname=body.text("firstname"),
        lastname=body.text("lastname"),
        return_url=body.text("return_url"),
        project_id=body.id("project_id"),
        project_roles=body.texts("project_roles"),
        annotation_set_id=body.id("annotation_worklist_id"),
    )
    return json(invited(call.services.invitations.invite(call.actor, wanted, origin=ORIGIN)))


@router.get("/users/invitations")
def list_invitations(call: Calling, project_id: str | None = None) -> Response:
    """The open ones; a bare array."""
    wanted = parse_id(project_id, "project_id") if project_id else None
    return json([invitation(value) for value in call.services.invitations.invitations(call.actor, wanted)])


@router.delete("/users/invitations/{email}/revoke")
def revoke(call: Calling, email: str) -> Response:
    """The link stops working."""
    call.services.invitations.revoke(call.actor, email, origin=ORIGIN)
    return done()


@router.post(ACCEPT_PATH)
def accept(services: Annotated[Services, Depends(_services)], body: Annotated[Fields, Depends(_guest)]) -> Response:
    """``{token, password, firstname, lastname}``: become the user that was invited. Asks for no key and gives the first one."""
    outcome = services.invitations.accept(
        body.text("token") or "",
        body.text("password") or "",
        firstname=body.text("firstname"),
        lastname=body.text("lastname"),
        origin=ORIGIN,
    )
    return json(accepted(outcome))


@router.get(ACCEPT_PATH)
def accept_page() -> Response:
    """Where the link leads: a form in the browser. The secret is behind the ``#`` and reaches the server only when it is sent."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
    headers = {
        "Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(_PAGE, headers=headers)


_PAGE = """<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Fiducial: your invitation</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}
label{display:block;margin:.8em 0}input{display:block;width:100%;font:inherit;padding:.3em;box-sizing:border-box}
code{overflow-wrap:anywhere;background:#8882;padding:.1em .3em}</style>
<h1>Your invitation</h1>
<form><label>First name<input name=firstname autocomplete=given-name></label>
<label>Last name<input name=lastname autocomplete=family-name></label>
<label>Choose a password (8 characters or more)
<input name=password type=password autocomplete=new-password minlength=8 required></label>
<button>Accept</button></form><p role=status></p>
<script>
const form = document.querySelector("form"), told = document.querySelector("p");
const add = (name, text) => told.append(Object.assign(document.createElement(name), {textContent: text}));
form.addEventListener("submit", async event => {
  event.preventDefault();
  const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
  body.token = location.hash.slice(1);
  const answer = await fetch(location.pathname, {method: "POST", body: JSON.stringify(body)});
  const said = await answer.json();
  told.textContent = answer.ok ? `Welcome, ${said.user.email}. Your API key, shown this once: ` : said.message;
  if (!answer.ok) return;
  form.remove();
  add("code", said.api_key);
  if (said.return_url) told.append(" ", Object.assign(document.createElement("a"),
    {href: said.return_url, textContent: "Go on"}));
});
</script></html>
"""
