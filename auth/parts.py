"""What signing in is made of, put together once per process; the addresses of this package work with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from auth.accounts import Accounts
from auth.addresses import Addresses
from auth.asking import Asking
from auth.cookies import CookieNames
from auth.credentials import Credentials
from auth.devices import Devices
from auth.factors.break_glass import BreakGlass
from auth.factors.factors import Factors
from auth.factors.passkeys import Passkeys
from auth.flow import Flow
from auth.gate import Gate
from auth.grants import Grants
from auth.invitations import Invitations
from auth.limits import Limits
from auth.links import Links
from auth.modules import Surroundings, modules
from auth.native import Native
from auth.passwords import Passwords
from auth.places import Places
from auth.policies import Policies
from auth.probing import Probing
from auth.realms.front import Front
from auth.realms.realms import Realms
from auth.remembered import Remembered
from auth.resets import Resets
from auth.rights import Rights
from auth.scim.tokens import ScimTokens
from auth.server.api_tokens import ApiTokens
from auth.server.clients import Clients
from auth.server.codes import Codes
from auth.sessions import Sessions
from auth.settings import AuthSettings
from auth.sign_up.sign_ups import SignUps
from auth.signing import SigningKeys
from auth.sso.connections import Connections, Kind
from auth.sso.domains import EmailDomains
from auth.sso.handles import Handles
from auth.sso.linked import Linked
from auth.sso.modules import Module
from auth.sso.setup_links import SetupLinks
from auth.sso.trail import Trail
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
    policies: Policies
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
    limits: Limits
    native: Native
    factors: Factors
    break_glass: BreakGlass
    passkeys: Passkeys
    remembered: Remembered
    devices: Devices
    places: Places
    flow: Flow
    invitations: Invitations
    resets: Resets
    trail: Trail
    handles: Handles
    linked: Linked
    connections: Connections
    email_domains: EmailDomains
    gate: Gate
    modules: Mapping[Kind, Module]
    clients: Clients
    codes: Codes
    api_tokens: ApiTokens
    scim_tokens: ScimTokens
    setup_links: SetupLinks
    probing: Probing
    realms: Realms
    front: Front
    sign_ups: SignUps

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
        policies: Policies,
    ) -> Self:
        addresses = Addresses(tenant_settings.public_url)
        keys = SigningKeys(database, keyring, overlap=settings.signing_overlap)
        tokens = Tokens(keys, addresses, lifetime=settings.access_lifetime)
        sessions = Sessions(database, policies)
        rights = Rights(sessions, accounts, oldest=settings.rights_age)
        grants = Grants(database, sessions, tokens, accounts, rights, policies)
        passwords = Passwords()
        credentials = Credentials(database, passwords, policies)
        links = Links(database, addresses, lifetime=settings.invitation_lifetime)
        flow = Flow(settings, database, sessions, grants, policies)
        trail = Trail(database)
        limits = Limits(redis)
        asking = Asking(redis)
        realms = Realms(database, keyring)
        front = Front(database, keyring, realms.key, asking)
        domains = EmailDomains(database)
        handles = Handles(database)
        return cls(
            settings=settings,
            registry=registry,
            resolver=resolver,
            accounts=accounts,
            policies=policies,
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
            limits=limits,
            native=Native(accounts, credentials, limits, policies),
            factors=Factors(database, limits),
            remembered=Remembered(database),
            passkeys=Passkeys(database, handles, trail, limits),
            break_glass=BreakGlass(database),
            places=Places(settings.geoip),
            devices=Devices(database, accounts, policies, credentials, passwords, limits),
            flow=flow,
            invitations=Invitations(accounts=accounts, links=links, passwords=passwords, policies=policies),
            resets=Resets(database=database, accounts=accounts, links=links, passwords=passwords, policies=policies, asking=asking),
            trail=trail,
            handles=handles,
            linked=Linked(database),
            connections=Connections(database),
            email_domains=domains,
            gate=Gate(accounts, domains, trail),
            clients=Clients(database),
            codes=Codes(handles),
            api_tokens=ApiTokens(database, accounts, oldest=settings.rights_age),
            scim_tokens=ScimTokens(database, oldest=settings.rights_age),
            realms=realms,
            front=front,
            setup_links=SetupLinks(database),
            probing=Probing(redis),
            sign_ups=SignUps(database, front, settings.sign_up),
            modules=modules(Surroundings(addresses, tenant_settings.dev, settings.private_networks)),
        )
