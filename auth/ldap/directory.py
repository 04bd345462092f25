"""Asking a directory, in a thread: the library waits for the network, so nothing of this may run on the event loop."""

from __future__ import annotations

import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import ldap3
import structlog
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from auth.ldap.groups import groups_of
from auth.ldap.searching import first, search
from auth.ldap.settings import LOGIN, LdapSettings
from auth.reach import Reach
from auth.sso.checks import AS_EXPECTED, NOTHING, Checks, refused
from auth.sso.troubles import trouble
from tenants.sentences import as_sentence, joined, sentence

_OK, _INVALID_CREDENTIALS = 0, 49

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody who has proven to be this entry."""

    id: str
    email: str | None
    name: str | None
    username: str | None
    groups: tuple[str, ...]


class Away(Exception):
    """No server answered; `why` of each in words."""


class Trusting(ldap3.Tls):
    """Trusts the given authority, or those of this machine, and certificates that name the server; all of it is OpenSSL's to check.

    The library's own way takes any certificate by default, compares names by a function that Python has given up, and leaves sockets open.
    """

    named: str

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's signature
        context = ssl.create_default_context(cadata=self.ca_certs_data)
        plain = connection.socket
        try:
            connection.socket = context.wrap_socket(plain, server_hostname=self.named, do_handshake_on_connect=do_handshake)
        except (OSError, ValueError):
            plain.close()
            raise


def prove(settings: LdapSettings, bind_password: str | None, login: str, password: str, checks: Checks, *, reach: Reach) -> Found:
    """The person, if the directory takes this password for the one entry of this name. Raises SignInRefused, Away.

    `reach`: which addresses are asked.
    """
    checks.require("password_given", "a password", AS_EXPECTED if password else NOTHING, when=bool(password))
    with _opened(settings, checks, reach=reach) as (server, connection):
        try:
            return (
                _by_template(settings, connection, login, password, checks)
                if settings.user_dn
                else _by_search(settings, server, connection, bind_password, login, password, checks)
            )
        except LDAPException as error:
            raise refused("directory_answer", "an answer that can be read", type(error).__name__) from None


def examine(settings: LdapSettings, bind_password: str | None, checks: Checks, *, reach: Reach) -> None:
    """Reach a server, agree on TLS, bind, search. Raises SignInRefused, Away."""
    with _opened(settings, checks, reach=reach) as (_, connection):
        try:
            if settings.user_filter:
                _bind_service(settings, connection, bind_password, checks)
                done = connection.search(settings.base_dn, "(objectClass=*)", ldap3.BASE, attributes=["objectClass"])
                checks.require("base_entry", settings.base_dn, AS_EXPECTED if done else _words(connection), when=bool(done))
        except LDAPException as error:
            raise refused("directory_answer", "an answer that can be read", type(error).__name__) from None


def _by_search(
    settings: LdapSettings, server: ldap3.Server, connection: Any, bind_password: str | None, login: str, password: str, checks: Checks
) -> Found:
    _bind_service(settings, connection, bind_password, checks)
    text = settings.user_filter.replace(LOGIN, escape_filter_chars(login))
    entries = search(connection, settings.base_dn, text, ldap3.SUBTREE, _attributes(settings), most=2)
    # Somebody unknown costs a bind, too.
    dn = entries[0]["dn"] if len(entries) == 1 else f"cn={secrets.token_hex(8)},{settings.base_dn}"
    proven = _binds(settings, server, dn, password)
    checks.require("person_found", "one entry of this name", sentence("{number} of them", number=len(entries)), when=len(entries) == 1)
    checks.require("password", "the entry's password", AS_EXPECTED if proven else "another one", when=proven)
    return _found(settings, connection, entries[0], checks)


def _by_template(settings: LdapSettings, connection: Any, login: str, password: str, checks: Checks) -> Found:
    dn = settings.user_dn.replace(LOGIN, escape_rdn(login))
    proven = "\0" not in login and bool(connection.rebind(user=dn, password=password))
    checks.require("password", "the entry's password", AS_EXPECTED if proven else "another one, or no such entry", when=proven)
    entries = search(connection, dn, "(objectClass=*)", ldap3.BASE, _attributes(settings), most=1)
    checks.require("person_found", "one entry of this name", sentence("{number} of them", number=len(entries)), when=len(entries) == 1)
    return _found(settings, connection, entries[0], checks)


@contextmanager
def _opened(settings: LdapSettings, checks: Checks, *, reach: Reach) -> Iterator[tuple[ldap3.Server, Any]]:
    """A connection under TLS to the first server that gives one; nothing has been said over it yet."""
    reasons, untrusted = [], False
    for url in settings.urls:
        try:
            server = _server(settings, url, reach=reach)
            connection = _secured(settings, server)
        except (LDAPException, OSError, ValueError) as error:
            untrusted = untrusted or _about_trust(error)
            reasons.append(sentence("{host}: {why}", host=urlsplit(url).hostname or "", why=trouble(error)))
            continue
        checks.require("directory_tls", "TLS with a certificate that is trusted and names the server", AS_EXPECTED, when=True)
        try:
            yield server, connection
        finally:
            _close(connection)
        return
    found = joined(*reasons, by="; ")
    log.warning("directory not reached", reasons=str(found))
    if untrusted:
        raise refused("directory_tls", "TLS with a certificate that is trusted and names the server", found)
    raise Away(found)


def _server(settings: LdapSettings, url: str, *, reach: Reach) -> ldap3.Server:
    """The server at the address that was looked at, under the name that its certificate has to hold. Raises OSError."""
    parts = urlsplit(url)
    secure, host = parts.scheme == "ldaps", parts.hostname or ""
    port = parts.port or (636 if secure else 389)
    tls = Trusting(validate=ssl.CERT_REQUIRED, ca_certs_data=settings.ca or None)
    tls.named = host
    address = _address(host, port, reach=reach)
    return ldap3.Server(address, port=port, use_ssl=secure, tls=tls, get_info=ldap3.NONE, connect_timeout=settings.seconds)


def _address(host: str, port: int, *, reach: Reach) -> str:
    """One of the host's addresses, looked up once: what was checked is what is connected to. Raises OSError."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for text in found:
        if not reach.allows(text):
            raise OSError(
                sentence("it is inside of a private network ({address}), which is not asked: name it in IMPRINT_PRIVATE_NETWORKS", address=text)
            )
    return found[0]


def _secured(settings: LdapSettings, server: ldap3.Server) -> Any:
    """A connection under TLS. Raises LDAPException, OSError, ValueError."""
    connection = _connection(settings, server)
    try:
        connection.open(read_server_info=False)
        if not server.ssl and not connection.start_tls(read_server_info=False):
            raise LDAPException("StartTLS was refused")  # noqa: TRY301 - as the library says it in other cases
    except (LDAPException, OSError, ValueError):
        _close(connection)
        raise
    return connection


def _connection(settings: LdapSettings, server: ldap3.Server) -> Any:
    return ldap3.Connection(
        server,
        auto_bind=ldap3.AUTO_BIND_NONE,
        auto_referrals=False,
        read_only=True,
        receive_timeout=settings.seconds,
        client_strategy=ldap3.SYNC,
        raise_exceptions=False,
        check_names=False,
    )


def _bind_service(settings: LdapSettings, connection: Any, password: str | None, checks: Checks) -> None:
    done = connection.rebind(user=settings.bind_dn, password=password) if settings.bind_dn else connection.bind()
    checks.require("service_bind", settings.bind_dn or "anybody may search", AS_EXPECTED if done else _words(connection), when=bool(done))


def _binds(settings: LdapSettings, server: ldap3.Server, dn: str, password: str) -> bool:
    """Whether the entry has this password, on a connection of its own under TLS."""
    try:
        connection = _secured(settings, server)
    except OSError as error:
        raise Away(trouble(error)) from None
    try:
        return bool(connection.rebind(user=dn, password=password))
    except OSError as error:
        raise Away(trouble(error)) from None
    finally:
        _close(connection)


def _attributes(settings: LdapSettings) -> list[str]:
    own = [settings.id_attribute, settings.email_attribute, settings.name_attribute, settings.username_attribute]
    return own if settings.group_filter else [*own, settings.groups_attribute]


def _found(settings: LdapSettings, connection: Any, entry: dict[str, Any], checks: Checks) -> Found:
    values = {name.lower(): value for name, value in entry["attributes"].items()}
    id = first(values, settings.id_attribute)
    checks.require("person_id", sentence("the attribute {name}", name=settings.id_attribute), AS_EXPECTED if id else NOTHING, when=id is not None)
    assert id is not None  # noqa: S101 - required above
    username = first(values, settings.username_attribute)
    groups = groups_of(settings, connection, entry["dn"], username, values.get(settings.groups_attribute.lower()))
    return Found(id, first(values, settings.email_attribute), first(values, settings.name_attribute), username, groups)


def _words(connection: Any) -> str:
    """What the directory answers, by the name that its result has (RFC 4511, 4.1.9)."""
    result = str((connection.result or {}).get("description", ""))[:100]
    if result == "invalidCredentials":
        return sentence("this name and password do not match there ({result})", result=result)
    if result == "noSuchObject":
        return sentence("there is no such entry ({result})", result=result)
    return sentence("it answers {result}", result=result) if result else as_sentence("it does not answer")


def _about_trust(error: Exception) -> bool:
    """Whether a server is there and cannot be trusted, in the library's words and OpenSSL's."""
    text = str(error).lower()
    return "timed out" not in text and any(word in text for word in ("certificate", "starttls", "hostname", "doesn't match"))


def _close(connection: Any) -> None:
    held = connection.socket
    try:
        connection.unbind()
    except (LDAPException, OSError):
        log.debug("directory connection was gone already")
    finally:
        if held is not None:  # the library leaves it open where the beginning failed
            held.close()
