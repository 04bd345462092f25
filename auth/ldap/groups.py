"""The groups of an entry, and those that these are in: named by the entries themselves, or searched for."""

from __future__ import annotations

import re
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import safe_dn

from auth.ldap.searching import search, texts
from auth.ldap.settings import MEMBER, MEMBER_NAME, LdapSettings

MOST_GROUPS = 500
_PLACES = re.compile(f"{re.escape(MEMBER)}|{re.escape(MEMBER_NAME)}")
NO_ATTRIBUTE = "1.1"  # RFC 4511, 4.5.1.8


def groups_of(settings: LdapSettings, connection: Any, dn: str, username: str | None, held: object) -> tuple[str, ...]:
    """Names and DNs, `nested` deep. `held`: what the entry itself names as its groups."""
    known: dict[str, None] = {}
    level = _with_member(settings, connection, dn, username) if settings.group_filter else [text for text in texts(held) if text]
    for depth in range(settings.nested + 1):
        fresh = [group for group in level if group not in known][: MOST_GROUPS - len(known)]
        known.update(dict.fromkeys(fresh))
        if depth == settings.nested or not fresh:
            break
        level = [above for group in fresh for above in _above(settings, connection, group)]
    return tuple(name for group in known for name in dict.fromkeys((_common_name(group), group)))


def _above(settings: LdapSettings, connection: Any, group: str) -> list[str]:
    if settings.group_filter:
        return _with_member(settings, connection, group, None)
    try:
        entries = search(connection, safe_dn(group), "(objectClass=*)", ldap3.BASE, [settings.groups_attribute], most=1)
    except LDAPException:
        return []
    return [text for entry in entries for value in entry["attributes"].values() for text in texts(value)]


def _with_member(settings: LdapSettings, connection: Any, dn: str, username: str | None) -> list[str]:
    """Those whose entries name this member; groups have no username, so a filter that asks for one finds none of them."""
    text = settings.group_filter
    if MEMBER_NAME in text and username is None:
        return []
    values = {MEMBER: escape_filter_chars(dn), MEMBER_NAME: escape_filter_chars(username or "")}
    filled = _PLACES.sub(lambda found: values[found[0]], text)
    entries = search(connection, settings.group_base or settings.base_dn, filled, ldap3.SUBTREE, [NO_ATTRIBUTE], most=MOST_GROUPS)
    return [str(entry["dn"]) for entry in entries]


def _common_name(dn: str) -> str:
    """The first part's value: "editors" of cn=editors,ou=groups,dc=example."""
    first_part = dn.replace("\\,", "\x01").split(",", 1)[0].replace("\x01", ",")
    return first_part.partition("=")[2] or dn
