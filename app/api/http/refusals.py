"""Requests that are refused before GraphQL looks at them, each with its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tenants.errors import Refusal, ValidationFailed


class Malformed(ValidationFailed):
    """A request that is no well-formed GraphQL request, whatever it accepts as an answer: 400."""


class NotTaken(Refusal):
    """A request of a kind that this address does not take."""

    code: ClassVar[str] = "NOT_TAKEN"
    status: ClassVar[int] = 400
    headers: ClassVar[Mapping[str, str]] = {}


class MethodNotTaken(NotTaken):
    code = "METHOD_NOT_ALLOWED"
    status = 405
    headers: ClassVar[Mapping[str, str]] = {"Allow": "GET, POST"}


class MediaNotTaken(NotTaken):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    headers: ClassVar[Mapping[str, str]] = {"Accept-Post": "application/json"}


class NotAcceptable(NotTaken):
    code = "NOT_ACCEPTABLE"
    status = 406


class TooLarge(NotTaken):
    code = "LIMIT_EXCEEDED"
    status = 413


class Batched(NotTaken):
    code = "LIMIT_EXCEEDED"
    status = 400
