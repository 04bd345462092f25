"""A refusal for whoever asked: a page for people, JSON for programs; never a stack trace, never an empty 500."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import Receive, Scope, Send

from auth.http.context import AnyRequest, correlation_of
from auth.http.pages import page
from auth.http.statuses import refusal_headers, status_of
from tenants.errors import Refusal
from tenants.sentences import sentence

log = structlog.get_logger(__name__)

_WORDS = {
    404: ("not_found", "There is nothing at this address. Check its spelling."),
    405: ("method_not_allowed", "This address does not take this method."),
    413: ("payload_too_large", "This is more than the address takes; send less."),
    431: ("headers_too_large", "These headers are more than the server takes; send less."),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered. `code` is for programs, lower case; `headers` are sent along."""

    status: int
    code: str
    message: str
    headers: dict[str, str]


def said_of(refusal: Refusal) -> Said:
    return Said(status_of(refusal), refusal.code.lower(), refusal.message, refusal_headers(refusal))


def as_response(request: AnyRequest, said: Said) -> Response[str]:
    headers = {"Cache-Control": "no-store", **said.headers}
    if "text/html" in request.headers.get("accept", ""):
        return page(request, "refusal.html", status=said.status, headers=headers, organization=None, wrong=said.message, trace=None)
    body = json.dumps({"error": said.code, "message": said.message}, ensure_ascii=False)
    return Response(body, status_code=said.status, media_type="application/json", headers={**headers, "X-Content-Type-Options": "nosniff"})


async def refuse(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answer before any router was asked."""
    request: AnyRequest = Request(scope, receive, send)
    await as_response(request, said_of(refusal)).to_asgi_response(None, request)(scope, receive, send)


def refused(request: AnyRequest, refusal: Refusal) -> Response[str]:
    return as_response(request, said_of(refusal))


def not_routed(request: AnyRequest, error: HTTPException) -> Response[str]:
    """What the router itself objects to: unknown paths, methods that an address does not take, bodies too large."""
    code, message = _WORDS.get(error.status_code, (HTTPStatus(error.status_code).phrase.lower().replace(" ", "_"), error.detail))
    return as_response(request, Said(error.status_code, code, message, dict(error.headers or {})))


def failed(request: AnyRequest, error: Exception) -> Response[str]:
    """A bug: told to the log in full, to the outsider by its correlation id alone."""
    correlation = correlation_of(request)
    log.error("a request failed", path=request.scope["path"], exc_info=error)
    message = sentence(
        "Something went wrong on our side. Try again; if it stays, give this id to whoever runs this installation: {id}", id=str(correlation)
    )
    return as_response(request, Said(500, "internal", message, {}))
