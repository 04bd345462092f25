"""Signing in, as the server mounts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Router

from auth.accounts import Accounts
from auth.http.context import AnyRequest, address_of, principal_of, session_form_token, visitor_of
from auth.http.routes import routers
from auth.parts import Parts
from auth.policies import Policies
from auth.principal import Principal
from auth.settings import AuthSettings
from tenants.registry import Registry
from tenants.resolver import Resolver
from tenants.secrets import Keyring
from tenants.settings import TenantSettings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tenants.database import Database


class Auth:
    """Everything that answers "who is this?" in one process. `parts` is for those who provision people or rotate keys."""

    def __init__(
        self,
        settings: AuthSettings,
        tenant_settings: TenantSettings,
        *,
        database: Database,
        keyring: Keyring,
        redis: Redis | None,
        registry: Registry,
        resolver: Resolver,
        accounts: Accounts,
        policies: Policies,
    ) -> None:
        self.parts = Parts.assemble(
            settings,
            tenant_settings,
            database=database,
            keyring=keyring,
            redis=redis,
            registry=registry,
            resolver=resolver,
            accounts=accounts,
            policies=policies,
        )

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
