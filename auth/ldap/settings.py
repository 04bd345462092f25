"""What a connection to a directory is set up with."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self
from urllib.parse import urlsplit

from auth.sso.connections import Connection
from tenants.errors import ValidationFailed
from tenants.sentences import as_sentence, sentence

LOGIN = "{login}"
MEMBER, MEMBER_NAME = "{dn}", "{username}"
SECRET = "bind_password"  # noqa: S105 - what it is called
MOST_SERVERS, LONGEST = 5, 1000
LEAST_SECONDS, MOST_SECONDS, DEEPEST = 1, 20, 10
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9;-]{0,99}")


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """`urls`: ldaps://, or ldap:// which goes on with StartTLS; the first that answers is asked. Never anything in clear.

    People are found by `user_filter` below `base_dn`, searched for with `bind_dn` (none: anonymously), or bind at once as `user_dn`.
    Groups are those that an entry names in `groups_attribute`, or, where `group_filter` is given, those below `group_base` (none: `base_dn`)
    that it finds with {dn} for the member's entry or {username} for the value of `username_attribute`.
    `ca`: PEM of the authority that signed the servers' certificates; none: those that this machine trusts.
    """

    urls: tuple[str, ...]
    base_dn: str
    user_filter: str = ""
    user_dn: str = ""
    bind_dn: str = ""
    ca: str = ""
    id_attribute: str = "entryUUID"
    email_attribute: str = "mail"
    name_attribute: str = "cn"
    username_attribute: str = "uid"
    groups_attribute: str = "memberOf"
    group_filter: str = ""
    group_base: str = ""
    nested: int = 3
    email_trusted: bool = True
    seconds: int = 5

    @classmethod
    def of(cls, connection: Connection) -> Self:
        kept = {field.name: connection.settings[field.name] for field in fields(cls) if field.name in connection.settings}
        return cls(**{**kept, "urls": tuple(kept.get("urls", ()))})

    @classmethod
    def settle(cls, given: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Raises ValidationFailed naming all that is wrong."""
        known = {field.name for field in fields(cls)}
        wrong = dict.fromkeys(given.keys() - known, "is not known for this kind of connection")
        merged = {"urls": "", "base_dn": "", **{name: value for name, value in given.items() if name in known and value not in (None, "")}}
        urls = merged["urls"].split() if isinstance(merged["urls"], str) else list(merged["urls"])
        settings = cls(**{**merged, "urls": tuple(urls)})
        wrong |= _objections(settings, secrets)
        if wrong:
            raise ValidationFailed(wrong)
        return {**asdict(settings), "urls": urls}, dict(secrets)


def _objections(settings: LdapSettings, secrets: Mapping[str, str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not settings.base_dn or len(settings.base_dn) > LONGEST:
        wrong["base_dn"] = "is missing: below which entry people stand, like ou=people,dc=example,dc=com"
    for name in ("id_attribute", "email_attribute", "name_attribute", "username_attribute", "groups_attribute"):
        if not _ATTRIBUTE.fullmatch(str(getattr(settings, name))):
            wrong[name] = "takes the name of an attribute"
    if not _whole(settings.seconds, LEAST_SECONDS, MOST_SECONDS):
        wrong["seconds"] = sentence("takes {least} to {most}", least=LEAST_SECONDS, most=MOST_SECONDS)
    if not _whole(settings.nested, 0, DEEPEST):
        wrong["nested"] = sentence("takes {least} to {most}", least=0, most=DEEPEST)
    return wrong | _about_servers(settings) | _about_people(settings) | _about_groups(settings) | _about_secrets(settings, secrets)


def _about_servers(settings: LdapSettings) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not 1 <= len(settings.urls) <= MOST_SERVERS:
        wrong["urls"] = sentence("takes 1 to {most} addresses like ldaps://directory.example.com", most=MOST_SERVERS)
    for url in settings.urls:
        if problem := _about_url(url):
            wrong["urls"] = problem
    if settings.ca and not _reads(settings.ca):
        wrong["ca"] = "holds no certificate in PEM"
    return wrong


def _about_secrets(settings: LdapSettings, secrets: Mapping[str, str]) -> dict[str, str]:
    wrong = {name: "is not used here" for name in secrets if name != SECRET}
    if bool(settings.bind_dn) != bool(secrets.get(SECRET)):
        wrong[SECRET] = "goes with bind_dn: give both or neither"
    return wrong


def _about_people(settings: LdapSettings) -> dict[str, str]:
    if bool(settings.user_filter) == bool(settings.user_dn):
        return {"user_filter": as_sentence("or user_dn has to be given, not both: how somebody is found by what they typed")}
    text = settings.user_filter or settings.user_dn
    name = "user_filter" if settings.user_filter else "user_dn"
    if LOGIN not in text or len(text) > LONGEST:
        return {name: as_sentence("has to hold {login}, where what was typed stands")}
    if settings.user_filter and not _is_filter(text):
        return {name: as_sentence("takes a search filter in parentheses, like (uid={login})")}
    return {}


def _about_groups(settings: LdapSettings) -> dict[str, str]:
    text = settings.group_filter
    if settings.group_base and (not text or len(settings.group_base) > LONGEST):
        return {"group_base": "goes with group_filter: below which entry groups stand"}
    if text and (len(text) > LONGEST or not _is_filter(text) or not (MEMBER in text or MEMBER_NAME in text)):
        return {"group_filter": as_sentence("takes a search filter that holds {dn} or {username}, like (member={dn})")}
    return {}


def _is_filter(text: str) -> bool:
    return text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")")


def _about_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in {"ldap", "ldaps"} or parts.path.strip("/") or parts.query or parts.username:
        return sentence("takes ldaps://host or ldap://host (with StartTLS), with or without :port; {url!r} is not that", url=url[:60])
    return None


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _reads(pem: str) -> bool:
    try:
        ssl.create_default_context(cadata=pem)
    except (ssl.SSLError, ValueError):
        return False
    return True
