"""Reading what was sent, strictly: only the fields an address knows, each of its type, no character that nothing can store."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from litestar.exceptions import HTTPException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from auth.errors import InvalidRequest, TooLarge, UnsupportedMedia
from auth.http import multipart
from auth.http.context import AnyRequest
from tenants.sentences import sentence

LARGEST = 16 * 1024
LONGEST_FIELD = 4096
MOST_FIELDS = 20
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


async def json_fields(request: AnyRequest, allowed: frozenset[str]) -> dict[str, str]:
    """A flat JSON object of strings. Raises InvalidRequest, TooLarge or UnsupportedMedia."""
    _expect(request, "application/json")
    body = await _body(request)
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not JSON in UTF-8. Send one JSON object.") from None
    if not isinstance(document, dict):
        raise InvalidRequest("The body is not a JSON object. Send one, with " + _list(allowed) + ".")
    return _checked(document, allowed)


async def form_fields(
    request: AnyRequest, allowed: frozenset[str], *, largest: int = LARGEST, longest: int = LONGEST_FIELD, files: bool = False
) -> dict[str, str]:
    """The fields of an HTML form; `largest` bytes of all, `longest` characters of each. Raises as `json_fields`.

    `files`: some may be files, of which the text counts.
    """
    return _checked(await _form(request, largest, max(MOST_FIELDS, len(allowed)), files=files), allowed, longest)


async def posted_fields(request: AnyRequest, wanted: frozenset[str], *, largest: int) -> dict[str, str]:
    """Of a form that another program's page sends, what is wanted; what else it holds is passed over. Raises as `json_fields`."""
    fields = await _form(request, largest)
    return _checked({name: value for name, value in fields.items() if name in wanted}, wanted, largest)


async def json_document(request: AnyRequest, media_types: frozenset[str], *, largest: int) -> object:
    """Whatever JSON a program sends. Raises as `json_fields`."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise UnsupportedMedia(f"This address takes Content-Type: {' or '.join(sorted(media_types, reverse=True))}.")
    try:
        document: object = json.loads(await _body(request, largest), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not JSON in UTF-8. Send one JSON object.") from None
    return document


async def _form(request: AnyRequest, largest: int, most: int = MOST_FIELDS, *, files: bool = False) -> dict[str, str]:
    sent = request.headers.get("content-type", "")
    if files and sent.partition(";")[0].strip().lower() == multipart.MEDIA_TYPE:
        pairs = multipart.fields_of(sent, await _body(request, largest), most=most)
    else:
        _expect(request, "application/x-www-form-urlencoded")
        pairs = _pairs(await _body(request, largest), most)
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InvalidRequest("This form holds a field twice. Go back, reload the page, and try again.")
    return fields


def _pairs(body: bytes, most: int) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), errors="strict", max_num_fields=most)
    except ValueError:
        raise InvalidRequest("This form could not be read. Go back, reload the page, and try again.") from None


def _expect(request: AnyRequest, media_type: str) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != media_type:
        raise UnsupportedMedia(f"This address takes Content-Type: {media_type}.")


async def _body(request: AnyRequest, largest: int = LARGEST) -> bytes:
    """How long the body may take is the server's to say: `receive` raises TooSlow."""
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length[:12]) > largest:
        raise TooLarge(sentence("The body is larger than {largest} bytes; nothing that belongs here is.", largest=largest))
    try:
        body = await request.body()
    except RequestEntityTooLarge as error:
        raise TooLarge(sentence("The body is larger than {largest} bytes; nothing that belongs here is.", largest=largest)) from error
    except HTTPException as error:
        raise InvalidRequest("The body could not be read. Send it again.") from error
    if len(body) > largest:
        raise TooLarge(sentence("The body is larger than {largest} bytes; nothing that belongs here is.", largest=largest))
    return body


def _checked(document: Mapping[str, Any], allowed: frozenset[str], longest: int = LONGEST_FIELD) -> dict[str, str]:
    wrong = {name if storable(name) else "?": f"is not known here; it takes {_list(allowed)}" for name in document.keys() - allowed}
    for name, value in document.items():
        if name in allowed:
            wrong.update(_objection(name, value, longest))
    if wrong:
        raise InvalidRequest("; ".join(f"{name} {why}" for name, why in sorted(wrong.items())), wrong)
    return {name: str(value) for name, value in document.items()}


def _objection(name: str, value: object, longest: int) -> dict[str, str]:
    if not isinstance(value, str):
        return {name: "has to be a string"}
    if len(value) > longest:
        return {name: f"is longer than {longest} characters"}
    if not storable(value):
        return {name: "holds a character that cannot be stored"}
    return {}


def storable(text: str) -> bool:
    """Postgres keeps no NUL, UTF-8 has no lone surrogates."""
    return not _UNSTORABLE.search(text)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _list(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
