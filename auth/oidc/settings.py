"""What a connection to an OpenID provider is set up with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from auth.sso.connections import Connection
from tenants.errors import ValidationFailed
from tenants.sentences import sentence

AUTHENTICATIONS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
LONGEST = 500
_ENTRA = re.compile(r"https://login\.microsoftonline\.com/[0-9a-f-]{36}/v2\.0")
_CLAIM = re.compile(r"[\w:./-]{1,100}")
_SCOPES = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*")

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "google": {"issuer": "https://accounts.google.com"},
    # Entra says no email_verified; a directory of one's own does vouch for the addresses of a domain that was proven here.
    "entra": {"email_trusted": True, "username_claim": "preferred_username", "groups_claim": "groups"},
    "okta": {"scopes": "openid email profile groups", "groups_claim": "groups"},
    "gitlab": {"issuer": "https://gitlab.com", "groups_claim": "groups_direct", "username_claim": "nickname", "userinfo": True},
}


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """`email_trusted`: the provider's addresses count as verified although it does not say so. `userinfo`: ask there, too."""

    issuer: str
    client_id: str
    scopes: str = "openid email profile"
    authentication: str = "client_secret_basic"
    email_claim: str = "email"
    username_claim: str = "preferred_username"
    name_claim: str = "name"
    groups_claim: str = "groups"
    email_trusted: bool = False
    userinfo: bool = False
    preset: str = ""

    @classmethod
    def of(cls, connection: Connection) -> Self:
        return cls(**{field.name: connection.settings[field.name] for field in fields(cls) if field.name in connection.settings})

    @classmethod
    def settle(cls, given: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Raises ValidationFailed naming all that is wrong."""
        wrong: dict[str, str] = {}
        preset = str(given.get("preset") or "")
        if preset and preset not in PRESETS:
            wrong["preset"] = sentence("takes one of {names}", names=", ".join(PRESETS))
        merged = {
            "issuer": "",
            "client_id": "",
            **PRESETS.get(preset, {}),
            **{name: value for name, value in given.items() if value not in {None, ""}},
        }
        for name in sorted(merged.keys() - {field.name for field in fields(cls)}):
            wrong[name] = "is not known for this kind of connection"
        settings = cls(**{name: value for name, value in merged.items() if name not in wrong})
        wrong |= _objections(settings, secrets)
        if wrong:
            raise ValidationFailed(wrong)
        return asdict(settings), dict(secrets)


def _objections(settings: OidcSettings, secrets: Mapping[str, str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not settings.issuer:
        wrong["issuer"] = "is missing: the provider's address, without /.well-known/openid-configuration"
    if settings.preset == "entra" and not _ENTRA.fullmatch(settings.issuer):
        wrong["issuer"] = "takes https://login.microsoftonline.com/ID/v2.0 with your directory's id: a common address would let every directory in"
    if not 1 <= len(settings.client_id) <= LONGEST or not settings.client_id.isprintable():
        wrong["client_id"] = "is missing: what the provider calls this application"
    if settings.authentication not in AUTHENTICATIONS:
        wrong["authentication"] = sentence("takes one of {names}", names=", ".join(AUTHENTICATIONS))
    if not _SCOPES.fullmatch(settings.scopes) or "openid" not in settings.scopes.split():
        wrong["scopes"] = "takes scopes with spaces between, openid among them"
    for name in ("email_claim", "username_claim", "name_claim", "groups_claim"):
        if not _CLAIM.fullmatch(getattr(settings, name)):
            wrong[name] = "takes the name of a claim"
    for name in ("email_trusted", "userinfo"):
        if not isinstance(getattr(settings, name), bool):
            wrong[name] = "takes true or false"
    return wrong | _about_secrets(settings.authentication, secrets)


def _about_secrets(authentication: str, secrets: Mapping[str, str]) -> dict[str, str]:
    needed = {"client_secret_basic": "client_secret", "client_secret_post": "client_secret", "private_key_jwt": "private_key"}.get(authentication)
    wrong = {name: "is not used here" for name in secrets if name != needed}
    if needed and not secrets.get(needed):
        wrong[needed] = "is missing"
    return wrong
