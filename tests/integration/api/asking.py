"""What a GraphQL response says."""

from __future__ import annotations

from typing import Any


def code_of(response: dict[str, Any]) -> str:
    [error] = response["errors"]
    code: str = error["extensions"]["code"]
    return code
