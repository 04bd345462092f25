"""The kinds of providers that the console guides through, each with its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from auth.sso.connections import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """`setting`: what the module calls it; `secret`: it goes where it cannot be read again. `input`: text, url, password or area."""

    name: str
    title: str
    help: str = ""
    setting: str = ""
    input: str = "text"
    secret: bool = False
    required: bool = True
    value: str = ""

    @property
    def key(self) -> str:
        return self.setting or self.name


@dataclass(frozen=True, slots=True)
class SetUp:
    """One way to connect: its form, what is entered at the provider first, settings that the form need not ask for."""

    key: str
    module: Kind
    title: str
    line: str
    steps: tuple[str, ...]
    copied: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    given: Mapping[str, Any] = field(default_factory=dict)

    def read(self, typed: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Settings and secrets as the module takes them; what was left empty is not there."""
        settings: dict[str, Any] = dict(self.given)
        secrets: dict[str, str] = {}
        for one in self.fields:
            text = typed.get(one.name, "").strip()
            if text:
                (secrets if one.secret else settings)[one.key] = text
        return settings, secrets

    def by_field(self, wrong: Mapping[str, str]) -> dict[str, str]:
        """Objections of the module beside the form's fields."""
        names = {one.key: one.name for one in self.fields}
        return {names.get(name.split(".")[0], name): why for name, why in wrong.items()}


def _saml(key: str, title: str, line: str, steps: tuple[str, ...]) -> SetUp:
    return SetUp(
        key,
        "saml",
        title,
        line,
        steps,
        (("Audience, or entity id", "/auth/saml/{name}/metadata"), ("Reply address, or ACS URL", "/auth/saml/{name}/acs")),
        (
            Field("metadata_url", "Metadata address", "Where the provider publishes its metadata.", input="url", required=False),
            Field("metadata", "Or the metadata itself", "The whole XML document.", input="area", required=False),
        ),
    )


def _oidc(key: str, title: str, line: str, issuer: str, help: str, preset: str | None = None) -> SetUp:
    return SetUp(
        key,
        "oidc",
        title,
        line,
        ("Register a web application there, with the redirect address below.", "Copy its client id and secret here."),
        (("Redirect address", "/auth/oidc/{name}/callback"), ("Back-channel logout address", "/auth/oidc/{name}/backchannel")),
        (
            Field("issuer", "Issuer", help, input="url", value=issuer),
            Field("client_id", "Client id"),
            Field("client_secret", "Client secret", input="password", secret=True),
        ),
        {"preset": preset} if preset else {},
    )


_ENTERED = "Enter the two values below there, then copy the provider's metadata here."
KINDS: Mapping[str, SetUp] = MappingProxyType(
    {
        one.key: one
        for one in (
            _oidc(
                "entra",
                "Microsoft Entra ID",
                "OpenID Connect",
                "https://login.microsoftonline.com/TENANT/v2.0",
                "With your directory's id in place of TENANT.",
                "entra",
            ),
            _oidc("google", "Google Workspace", "OpenID Connect", "https://accounts.google.com", "The same for everybody.", "google"),
            _oidc("okta", "Okta", "OpenID Connect", "https://COMPANY.okta.com", "Your organization's address at Okta.", "okta"),
            _oidc("gitlab", "GitLab", "OpenID Connect", "https://gitlab.com", "Or the address of your own GitLab.", "gitlab"),
            _oidc("oidc", "Another OpenID provider", "OpenID Connect, by its issuer", "", "Its address without /.well-known/openid-configuration."),
            _saml("saml", "A SAML provider", "SAML 2.0, by its metadata", ("Create an application there for signing in with SAML.", _ENTERED)),
            SetUp(
                "github",
                "oauth2",
                "GitHub",
                "OAuth 2, for people with accounts at GitHub",
                ("Register an OAuth app there, with the callback address below.", "Copy its client id and secret here."),
                (("Callback address", "/auth/oauth2/{name}/callback"),),
                (Field("client_id", "Client id"), Field("client_secret", "Client secret", input="password", secret=True)),
                {"preset": "github"},
            ),
            SetUp(
                "ldap",
                "ldap",
                "A directory",
                "LDAP: OpenLDAP, Active Directory",
                ("Make an account there that may search for people.",),
                (),
                (
                    Field("url", "Server", "Like ldaps://directory.example.com; several with spaces between.", setting="urls", value="ldaps://"),
                    Field("base_dn", "Where people are", "For example ou=people,dc=example,dc=com"),
                    Field("user_filter", "Which of them", "With {login} for what was typed.", value="(|(uid={login})(mail={login}))"),
                    Field("bind_dn", "Account that searches", required=False),
                    Field("bind_password", "Its password", input="password", secret=True, required=False),
                    Field("group_filter", "How groups are found", "Empty: people's entries name them. Else like (member={dn}).", required=False),
                    Field("ca", "Certificate authority", "PEM; empty: those that this machine trusts.", input="area", required=False),
                ),
            ),
        )
    }
)
