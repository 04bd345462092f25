"""What a connection to an OAuth 2 provider is set up with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from auth.sso.connections import Connection
from tenants.errors import ValidationFailed
from tenants.sentences import sentence

AUTHENTICATIONS = ("client_secret_post", "client_secret_basic", "none")
ADDRESSES = ("authorize_url", "token_url", "userinfo_url")
FIELDS = ("id_field", "email_field", "email_verified_field", "username_field", "name_field", "groups_field")
LONGEST = 500
_FIELD = re.compile(r"[\w:./-]{1,100}")
_SCOPES = re.compile(r"([\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*)?")

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "github": {
        "authorize_url": "https://github.com/login/oauth/authorize",
        "token_url": "https://github.com/login/oauth/access_token",
        "userinfo_url": "https://api.github.com/user",
        "emails_url": "https://api.github.com/user/emails",
        "scopes": "read:user user:email",
        "id_field": "id",
        "username_field": "login",
    },
}


@dataclass(frozen=True, slots=True)
class OAuth2Settings:
    """`id_field`: what never becomes another person's. `emails_url`: where the person's addresses are listed, each with whether it is verified."""

    client_id: str = ""
    authorize_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    emails_url: str = ""
    scopes: str = ""
    authentication: str = "client_secret_post"
    id_field: str = "sub"
    email_field: str = "email"
    email_verified_field: str = "email_verified"
    username_field: str = "preferred_username"
    name_field: str = "name"
    groups_field: str = "groups"
    preset: str = ""

    @classmethod
    def of(cls, connection: Connection) -> Self:
        return cls(**{field.name: connection.settings[field.name] for field in fields(cls) if field.name in connection.settings})

    @classmethod
    def settle(cls, given: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Raises ValidationFailed naming all that is wrong."""
        preset = str(given.get("preset") or "")
        known = {field.name for field in fields(cls)}
        merged = {**PRESETS.get(preset, {}), **{name: value for name, value in given.items() if value not in (None, "")}}
        wrong = dict.fromkeys(sorted(merged.keys() - known), "is not known for this kind of connection")
        wrong |= {name: "takes text" for name, value in merged.items() if name in known and not isinstance(value, str)}
        if preset and preset not in PRESETS:
            wrong["preset"] = sentence("takes one of {names}", names=", ".join(PRESETS))
        settings = cls(**{name: value for name, value in merged.items() if name not in wrong})
        wrong = _objections(settings, secrets) | wrong
        if wrong:
            raise ValidationFailed(wrong)
        return asdict(settings), dict(secrets)


def _objections(settings: OAuth2Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    wrong = {name: "is missing: the provider's documentation names it" for name in ADDRESSES if not getattr(settings, name)}
    if not 1 <= len(settings.client_id) <= LONGEST or not settings.client_id.isprintable():
        wrong["client_id"] = "is missing: what the provider calls this application"
    if settings.authentication not in AUTHENTICATIONS:
        wrong["authentication"] = sentence("takes one of {names}", names=", ".join(AUTHENTICATIONS))
    if len(settings.scopes) > LONGEST or not _SCOPES.fullmatch(settings.scopes):
        wrong["scopes"] = "takes scopes with spaces between"
    for name in FIELDS:
        if not _FIELD.fullmatch(getattr(settings, name)):
            wrong[name] = "takes the name of a field of the user API's answer"
    needed = {"client_secret"} if settings.authentication in {"client_secret_post", "client_secret_basic"} else set()
    wrong |= {name: "is not used here" for name in secrets if name not in needed}
    wrong |= {name: "is missing" for name in needed if not secrets.get(name)}
    return wrong
