"""What signing in is made of, put together once per process; the addresses of this package work with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from auth.accounts import Accounts
from auth.addresses import Addresses
from auth.cookies import CookieNames
from auth.credentials import Credentials
from auth.flow import Flow
from auth.grants import Grants
from auth.invitations import Invitations
from auth.limits import Limits
from auth.links import Links
from auth.native import Native
from auth.passwords import Passwords
from auth.rights import Rights
from auth.sessions import Sessions
from auth.settings import AuthSettings
from auth.signing import SigningKeys
from auth.tokens import Tokens
from tenants.registry import Registry
from tenants.resolver import Resolver
from tenants.secrets import Keyring
from tenants.settings import TenantSettings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tenants.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    settings: AuthSettings
    registry: Registry
    resolver: Resolver
    accounts: Accounts
    addresses: Addresses
    cookies: CookieNames
    keys: SigningKeys
    tokens: Tokens
    sessions: Sessions
    rights: Rights
    passwords: Passwords
    credentials: Credentials
    grants: Grants
    links: Links
    native: Native
    flow: Flow
    invitations: Invitations

    @classmethod
    def assemble(
        cls,
        settings: AuthSettings,
        tenant_settings: TenantSettings,
        *,
        database: Database,
        keyring: Keyring,
        redis: Redis | None,
        registry: Registry,
        resolver: Resolver,
        accounts: Accounts,
    ) -> Self:
        addresses = Addresses(tenant_settings.public_url)
        keys = SigningKeys(database, keyring, overlap=settings.signing_overlap)
        tokens = Tokens(keys, addresses, lifetime=settings.access_lifetime)
        sessions = Sessions(database)
        rights = Rights(sessions, accounts, oldest=settings.rights_age)
        grants = Grants(database, sessions, tokens, accounts, rights)
        passwords = Passwords()
        credentials = Credentials(database, passwords)
        links = Links(database, addresses, lifetime=settings.invitation_lifetime)
        flow = Flow(settings, database, sessions, grants)
        return cls(
            settings=settings,
            registry=registry,
            resolver=resolver,
            accounts=accounts,
            addresses=addresses,
            cookies=CookieNames(plain=tenant_settings.dev and not addresses.secure),
            keys=keys,
            tokens=tokens,
            sessions=sessions,
            rights=rights,
            passwords=passwords,
            credentials=credentials,
            grants=grants,
            links=links,
            native=Native(accounts, credentials, Limits(redis)),
            flow=flow,
            invitations=Invitations(
                database=database, accounts=accounts, links=links, passwords=passwords, credentials=credentials, sessions=sessions, flow=flow
            ),
        )
