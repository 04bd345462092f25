"""The kinds of providers that the console guides through, each with its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from auth.sso.connections import Connection, Kind

LONGEST_LABEL = 60


@dataclass(frozen=True, slots=True)
class Field:
    """`setting`: what the module calls it; `secret`: it goes where it cannot be read again.

    `input`: text, url, password, area, file, number or check.
    """

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
    """One way to connect: its form, what is entered at the provider first, settings that the form need not ask for.

    `more`: what can be chosen once it is there. `once`: fields of the form that say nothing any more then.
    """

    key: str
    module: Kind
    title: str
    line: str
    steps: tuple[str, ...]
    copied: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    given: Mapping[str, Any] = field(default_factory=dict)
    more: tuple[Field, ...] = ()
    once: tuple[str, ...] = ()

    def label(self, organization: str) -> str:
        """What the button says if nobody says otherwise: the provider where it is a known one, else whose people use it."""
        return self.title if self.given.get("preset") else organization[:LONGEST_LABEL]

    @property
    def takes_files(self) -> bool:
        return any(one.input == "file" for one in self.fields)

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """Those by which a connection that is there is changed."""
        return tuple(one for one in self.fields if one.name not in self.once) + self.more

    def read(self, typed: Mapping[str, str], fields: tuple[Field, ...] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
        """Settings and secrets as the module takes them; what was left empty is not there. `fields`: others than those of the first form."""
        settings: dict[str, Any] = dict(self.given)
        secrets: dict[str, str] = {}
        for one in self.fields if fields is None else fields:
            text = typed.get(one.name, "").strip()
            if one.input == "check":
                settings[one.key] = text == "yes"
            elif text and one.input == "number" and text.isascii() and text.isdigit():
                settings[one.key] = int(text[:9])
            elif text and not (one.input == "file" and one.key in settings):
                (secrets if one.secret else settings)[one.key] = text
        return settings, secrets

    def by_field(self, wrong: Mapping[str, str], fields: tuple[Field, ...] | None = None) -> dict[str, str]:
        """Objections of the module beside the form's fields."""
        names = {one.key: one.name for one in reversed(self.fields if fields is None else fields)}
        return {names.get(name.split(".")[0], name): why for name, why in wrong.items()}


def _option(name: str, title: str, help: str = "", input: str = "text") -> Field:
    return Field(name, title, help, input=input, required=False)


_USUAL = "Empty: as it is usual."
_EMAIL, _NAME, _USERNAME, _GROUPS = ("What holds the e-mail address", "What holds the name", "What holds the username", "What holds the groups")
_SAML_MORE = (
    _option("sign_requests", "Our requests are signed", input="check"),
    _option("want_encrypted", "Assertions have to be encrypted", "With the certificate of our metadata.", input="check"),
    _option(
        "idp_initiated", "People may begin at the provider", "Off is safer: nobody can then be signed in as somebody else unasked.", input="check"
    ),
    _option("clock_skew", "Seconds by which clocks may differ", input="number"),
    _option("attribute_email", _EMAIL, _USUAL),
    _option("attribute_name", _NAME, _USUAL),
    _option("attribute_username", _USERNAME, _USUAL),
    _option("attribute_groups", _GROUPS, _USUAL),
    _option("attribute_subject", "What holds the lasting id", "Empty: the NameID."),
)
_SECRET = Field("client_secret", "Client secret", input="password", secret=True)
_OIDC_MORE = (
    _option("scopes", "Scopes", "With spaces between, openid among them."),
    _option(
        "authentication", "How we prove ourselves", "Like client_secret_basic, client_secret_post or private_key_jwt; empty: as the provider says."
    ),
    Field("private_key", "Private key", "A private JWK, for private_key_jwt.", input="area", secret=True, required=False),
    _option("email_claim", _EMAIL, _USUAL),
    _option("name_claim", _NAME, _USUAL),
    _option("username_claim", _USERNAME, _USUAL),
    _option("groups_claim", _GROUPS, _USUAL),
    _option("email_trusted", "Its addresses count as verified although it does not say so", input="check"),
    _option("userinfo", "Its user info is asked, too", input="check"),
)
_OAUTH2_ADDRESSES = (
    Field("authorize_url", "Where the browser is sent", input="url"),
    Field("token_url", "Where the code is exchanged", input="url"),
    Field("userinfo_url", "User API that says who it is", input="url"),
)
_OAUTH2_MORE = (
    _option("emails_url", "Where the addresses are listed", "Each with whether it is verified.", input="url"),
    _option("scopes", "Scopes", "With spaces between."),
    _option("authentication", "How we prove ourselves", "Like client_secret_post or client_secret_basic."),
    _option("id_field", "What holds the lasting id", "Never an address or a name: those become another person's."),
    _option("email_field", _EMAIL, _USUAL),
    _option("email_verified_field", "What is true where the address is verified", _USUAL),
    _option("name_field", _NAME, _USUAL),
    _option("username_field", _USERNAME, _USUAL),
    _option("groups_field", _GROUPS, _USUAL),
)
_LDAP_MORE = (
    _option("user_dn", "Instead of a search: the entry's name", "Like uid={login},ou=people,dc=example,dc=com; leave the filter empty then."),
    _option("group_base", "Where groups are", "Empty: where people are."),
    _option("nested", "How deep groups in groups are followed", input="number"),
    _option("seconds", "Seconds that one server is waited for", input="number"),
    _option("id_attribute", "What holds the lasting id", "Like entryUUID or objectGUID."),
    _option("email_attribute", _EMAIL, _USUAL),
    _option("name_attribute", _NAME, _USUAL),
    _option("username_attribute", _USERNAME, _USUAL),
    _option("groups_attribute", _GROUPS, _USUAL),
    _option("email_trusted", "Its addresses count as verified", input="check"),
)


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
            Field("metadata_file", "Or its file", "As the provider lets you download it.", setting="metadata", input="file", required=False),
        ),
        more=_SAML_MORE,
        once=("metadata_url", "metadata", "metadata_file"),
    )


_REGISTERED = ("Register a web application there, with the redirect address below.", "Copy its client id and secret here.")
# What a provider calls things, where it is known.
_PRESET_STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "entra": (
            "In the Entra admin center, under App registrations, choose New registration, with the redirect address below for the platform Web.",
            "Under Certificates & secrets make a client secret. Copy its value here, not its id, and the Application (client) ID as client id.",
            "Under Token configuration add the optional claim email, and a groups claim where roles follow from groups: they arrive by their ids.",
        ),
        "google": (
            "In the Google Cloud console, under Credentials, make an OAuth client ID of the type Web application, with the redirect address below.",
            "Let the consent screen be Internal, so that only your organization's people come in. Copy client id and secret here.",
            "Google tells no groups: roles are given here.",
        ),
        "okta": (
            "In Okta's admin console, choose Create App Integration, then OIDC and Web Application, with the redirect address below.",
            "Assign your people to it. Where roles follow from groups, let its groups claim be named groups.",
            "Copy its client id and secret here.",
        ),
        "gitlab": (
            "In GitLab, under Applications of your group or of the whole GitLab, add one that is confidential, with the redirect address below.",
            "Give it the scopes openid, profile and email. Copy Application ID and Secret here.",
        ),
        "github": (
            "In GitHub, under Settings, Developer settings, OAuth apps, choose New OAuth app, with the callback address below.",
            "Copy its Client ID and a new client secret here.",
        ),
    }
)


def _oidc(key: str, title: str, line: str, issuer: str, help: str) -> SetUp:
    steps = _PRESET_STEPS.get(key)
    return SetUp(
        key,
        "oidc",
        title,
        line,
        steps or _REGISTERED,
        (("Redirect address", "/auth/oidc/{name}/callback"), ("Back-channel logout address", "/auth/oidc/{name}/backchannel")),
        (
            Field("issuer", "Issuer", help, input="url", value=issuer),
            Field("client_id", "Client id"),
            _SECRET,
        ),
        {"preset": key} if steps else {},
        _OIDC_MORE,
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
            ),
            _oidc("google", "Google Workspace", "OpenID Connect", "https://accounts.google.com", "The same for everybody."),
            _oidc("okta", "Okta", "OpenID Connect", "https://COMPANY.okta.com", "Your organization's address at Okta."),
            _oidc("gitlab", "GitLab", "OpenID Connect", "https://gitlab.com", "Or the address of your own GitLab."),
            _oidc("oidc", "Another OpenID provider", "OpenID Connect, by its issuer", "", "Its address without /.well-known/openid-configuration."),
            _saml("saml", "A SAML provider", "SAML 2.0, by its metadata", ("Create an application there for signing in with SAML.", _ENTERED)),
            SetUp(
                "github",
                "oauth2",
                "GitHub",
                "OAuth 2, for people with accounts at GitHub",
                _PRESET_STEPS["github"],
                (("Callback address", "/auth/oauth2/{name}/callback"),),
                (Field("client_id", "Client id"), _SECRET),
                {"preset": "github"},
                (*_OAUTH2_ADDRESSES, *_OAUTH2_MORE),
            ),
            SetUp(
                "oauth2",
                "oauth2",
                "Another OAuth 2 provider",
                "OAuth 2, with a user API",
                ("Register an application there, with the callback address below.", "Copy its client id and secret here."),
                (("Callback address", "/auth/oauth2/{name}/callback"),),
                (Field("client_id", "Client id"), _SECRET, *_OAUTH2_ADDRESSES, *_OAUTH2_MORE[:4]),
                more=_OAUTH2_MORE[4:],
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
                more=_LDAP_MORE,
            ),
        )
    }
)


def kind_of(connection: Connection) -> SetUp:
    """By whose form its values can be given again."""
    preset = KINDS.get(str(connection.settings.get("preset") or ""))
    if preset is not None and preset.module == connection.kind:
        return preset
    return next(kind for kind in reversed(list(KINDS.values())) if kind.module == connection.kind)
