"""A token taken apart and put together."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx

from tests.integration.auth.conftest import bearer, refused


def part(token: str, number: int) -> dict[str, Any]:
    segment = token.split(".")[number]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return decoded


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def token_refused(client: httpx.AsyncClient, token: str) -> bool:
    return await refused(client, bearer(token))
