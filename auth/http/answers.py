"""What programs are answered."""

from __future__ import annotations

import json
from typing import Any

from litestar import Response

from auth.http.context import AnyRequest
from auth.http.statuses import refusal_headers, status_of
from tenants.errors import Refusal, RetryLater

_NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}


def json_answer(document: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """An answer with tokens or about them: kept by no cache (RFC 6749, 5.1)."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status_code=status, media_type="application/json", headers=_NEVER_STORED | (headers or {}))


def refused(_: AnyRequest, refusal: Refusal) -> Response[bytes]:
    """A refusal as these addresses tell it: `error` is the code in lower case (RFC 6749, 5.2)."""
    document: dict[str, Any] = {"error": refusal.code.lower(), "message": refusal.message}
    if isinstance(refusal, RetryLater):
        document["retry_after"] = refusal.retry_after
    elif refusal.extensions():
        document |= refusal.extensions()
    return json_answer(document, status_of(refusal), refusal_headers(refusal))
