"""How a client says which one it is: in the body, or by HTTP Basic (RFC 6749, 2.3.1)."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

from auth.errors import InvalidClient, InvalidRequest
from auth.http.bodies import form_fields, json_fields
from auth.http.context import AnyRequest, header_of

_BASIC = "basic "
LARGEST = 1000


def sent_as_json(request: AnyRequest) -> bool:
    return (header_of(request, b"content-type") or "").partition(";")[0].strip().lower() == "application/json"


async def fields_of(request: AnyRequest, allowed: frozenset[str]) -> dict[str, str]:
    """JSON, or a form as OAuth's libraries send it; no cookie counts here, so it does not matter which page sent it."""
    media = (header_of(request, b"content-type") or "").partition(";")[0].strip().lower()
    return await (form_fields if media == "application/x-www-form-urlencoded" else json_fields)(request, allowed)


async def client_proof(request: AnyRequest, allowed: frozenset[str]) -> tuple[dict[str, str], str | None, str | None]:
    """The fields, and which client says it sent them with which secret. Raises InvalidRequest, InvalidClient."""
    fields = await fields_of(request, allowed)
    return fields, *proof_in(request, fields)


def says_basic(request: AnyRequest) -> bool:
    """Whether it proves itself in a header; a bearer's token there is something else."""
    return (header_of(request, b"authorization") or "")[: len(_BASIC)].lower() == _BASIC


def proof_in(request: AnyRequest, fields: dict[str, str]) -> tuple[str | None, str | None]:
    """Raises InvalidRequest where it proves itself in two ways, InvalidClient where a header cannot be read."""
    authorization = header_of(request, b"authorization")
    if authorization is None:
        return fields.get("client_id"), fields.get("client_secret")
    if "client_secret" in fields:
        raise InvalidRequest("The client's secret came twice. Send it in the Authorization header or in the body, not in both.")
    if authorization[: len(_BASIC)].lower() != _BASIC or len(authorization) > LARGEST:
        raise InvalidClient
    try:
        client_id, colon, secret = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient from None
    if not colon or fields.get("client_id", unquote_plus(client_id)) != unquote_plus(client_id):
        raise InvalidClient
    return unquote_plus(client_id), unquote_plus(secret)
