"""Who a verified assertion speaks of."""

from __future__ import annotations

import json
from uuid import UUID

from auth.identities import ExternalIdentity
from auth.saml.logouts import LogoutAsked
from auth.saml.names import EMAIL_ADDRESS, PERSISTENT, SEVERAL_FACTORS, UNSPECIFIED
from auth.saml.responses import Verified
from auth.saml.settings import SamlSettings
from auth.sso.checks import Checks
from tenants.sentences import sentence

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_MICROSOFT = "http://schemas.microsoft.com"
EMAIL = ("email", "mail", "emailAddress", "urn:oid:0.9.2342.19200300.100.1.3", f"{_CLAIMS}/emailaddress", "User.email")
NAME = ("displayName", "urn:oid:2.16.840.1.113730.3.1.241", f"{_MICROSOFT}/identity/claims/displayname", "cn", "urn:oid:2.5.4.3")
GIVEN = ("givenName", "firstName", "urn:oid:2.5.4.42", f"{_CLAIMS}/givenname", "User.FirstName")
FAMILY = ("sn", "surname", "lastName", "urn:oid:2.5.4.4", f"{_CLAIMS}/surname", "User.LastName")
USERNAME = ("uid", "username", "urn:oid:0.9.2342.19200300.100.1.1", "preferred_username")
GROUPS = (
    "groups",
    "group",
    "memberOf",
    "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
    f"{_MICROSOFT}/ws/2008/06/identity/claims/groups",
    "http://schemas.xmlsoap.org/claims/Group",
    f"{_MICROSOFT}/ws/2008/06/identity/claims/role",
)


def identity_of(checks: Checks, connection_id: UUID, settings: SamlSettings, verified: Verified) -> ExternalIdentity:
    """The provider vouches for the address; whether the organization owns its domain is for the gate to look at."""
    said = verified.attributes
    subject = verified.lasting_id or ""
    if settings.attribute_subject:
        values = said.get(settings.attribute_subject, ())
        checks.require(
            "subject_attribute",
            sentence("the attribute {name}, with one value", name=settings.attribute_subject),
            sentence("{number} values", number=len(values)),
            when=len(values) == 1,
        )
        subject = values[0]
    email = _first(said, settings.attribute_email, EMAIL)
    if email is None and not settings.attribute_email and verified.name_format == EMAIL_ADDRESS:
        email = verified.name_id
    return ExternalIdentity(
        connection_id,
        subject,
        email=email,
        email_verified=email is not None,
        username=_first(said, settings.attribute_username, USERNAME),
        name=_first(said, settings.attribute_name, NAME) or _both(said),
        groups=_all(said, settings.attribute_groups, GROUPS),
        amr=("saml", "mfa") if SEVERAL_FACTORS & set(verified.contexts) else (),
        provider_session=provider_session(verified.name_id, verified.name_format, verified.session_index),
    )


def provider_session(name_id: str, name_format: str | None, session_index: str | None) -> str:
    """How a provider's session is named here: with all that a logout request has to say of it."""
    return json.dumps([name_id, name_format, session_index])


def named(session: str) -> tuple[str, str | None, str | None]:
    """NameID, its format, SessionIndex."""
    name_id, name_format, session_index = json.loads(session)
    return name_id, name_format, session_index


def sessions_meant(asked: LogoutAsked, settings: SamlSettings) -> list[str]:
    """What the sessions may be called here that a logout request means: providers are not strict about the format of a name that they repeat."""
    formats = {asked.name_format, settings.name_id_format, EMAIL_ADDRESS, PERSISTENT, UNSPECIFIED, None}
    return [provider_session(asked.name_id, format, index) for format in formats for index in asked.session_indexes]


def _first(said: dict[str, tuple[str, ...]], chosen: str | None, usual: tuple[str, ...]) -> str | None:
    return next((value for value in _all(said, chosen, usual)), None)


def _all(said: dict[str, tuple[str, ...]], chosen: str | None, usual: tuple[str, ...]) -> tuple[str, ...]:
    return next((said[name] for name in ((chosen,) if chosen else usual) if said.get(name)), ())


def _both(said: dict[str, tuple[str, ...]]) -> str | None:
    return " ".join(part for part in (_first(said, None, GIVEN), _first(said, None, FAMILY)) if part) or None
