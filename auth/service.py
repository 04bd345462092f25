"""Signing in, as the server mounts it."""

from __future__ import annotations

from litestar import Router

from auth.http.context import AnyRequest, address_of, principal_of, session_form_token, visitor_of
from auth.http.routes import routers
from auth.parts import Parts
from auth.principal import Principal


class Auth:
    """Everything that answers "who is this?" in one process. `parts` is for those who provision people or rotate keys."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def handlers(self) -> list[Router]:
        return routers(self.parts)

    async def principal_of(self, request: AnyRequest) -> Principal:
        """See `auth.http.context.principal_of`."""
        return await principal_of(self.parts, request)

    def visitor_of(self, request: AnyRequest) -> bytes:
        """See `auth.http.context.visitor_of`."""
        return visitor_of(self.parts, request)

    def address_of(self, request: AnyRequest) -> str | None:
        """See `auth.http.context.address_of`."""
        return address_of(self.parts, request)

    async def form_token(self, request: AnyRequest) -> str | None:
        """What a signed-in person's page must send as `X-CSRF-Token`; None for everybody else."""
        principal = await self.principal_of(request)
        return session_form_token(request, principal) if principal.session_id else None

    def close(self) -> None:
        self.parts.passwords.close()
