"""Refusals as SCIM names them (RFC 7644, 3.12)."""

from __future__ import annotations

from typing import Literal

from tenants.errors import Refusal

ScimType = Literal["invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget", "invalidValue", "sensitive"]


class ScimRefusal(Refusal):
    """`scim_type` is None where the status says all there is to say."""

    code = "SCIM_REFUSED"

    def __init__(self, status: int, detail: str, scim_type: ScimType | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.scim_type = scim_type
        self.headers = headers or {}


def invalid_filter(detail: str) -> ScimRefusal:
    return ScimRefusal(400, detail, "invalidFilter")


def invalid_value(detail: str) -> ScimRefusal:
    return ScimRefusal(400, detail, "invalidValue")


def invalid_path(detail: str) -> ScimRefusal:
    return ScimRefusal(400, detail, "invalidPath")


def invalid_syntax(detail: str) -> ScimRefusal:
    return ScimRefusal(400, detail, "invalidSyntax")


def immutable(name: str) -> ScimRefusal:
    return ScimRefusal(400, f"{name} cannot be changed or removed by a client.", "mutability")


def not_found(what: str) -> ScimRefusal:
    return ScimRefusal(404, f"There is no such {what} here; this token sees those that its connection has made.")
