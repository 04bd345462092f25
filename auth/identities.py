"""Who an identity provider says somebody is, and on which terms an organization lets such people in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

LONGEST_SUBJECT = 512


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """What a login module found out and verified, whatever its protocol.

    `subject` is the provider's own id of the person, which never becomes another's (SAML NameID, OIDC sub, LDAP entryUUID):
    accounts are linked by it. `email_verified`: whether the provider vouches for the address. `amr`: authentication methods
    (RFC 8176). `provider_session` names the provider's session, for single logout.
    """

    connection_id: UUID
    subject: str
    email: str | None = None
    email_verified: bool = False
    username: str | None = None
    name: str | None = None
    groups: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    provider_session: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """`create`: somebody unknown gets an account, with `default_role` unless their groups give another.

    `mapped`: the role that their groups give, `default_role` where none does; None where the connection maps no groups: then a
    role, once given, stays. `group_roles`: the rules by which they do. `domains`: those of e-mail addresses that this organization
    has proven to be its own.
    """

    create: bool
    default_role: str
    mapped: str | None
    domains: frozenset[str]
    group_roles: tuple[tuple[str, str], ...] = ()
