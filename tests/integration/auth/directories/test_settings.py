"""What a connection to a directory is made of, and how it is examined."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from auth.ldap.module import LdapModule
from auth.ldap.settings import LdapSettings
from auth.reach import Reach
from auth.service import Auth
from auth.sso.checks import Checks
from tenants.errors import ValidationFailed
from tests.integration.auth.directories.connecting import connect, settings_for
from tests.integration.conftest import House
from tests.peers import openldap
from tests.peers.openldap import READER_PASSWORD, Directory

pytestmark = [
    pytest.mark.skipif(not openldap.SLAPD.exists(), reason="peer slapd is not installed"),
    # ldap3 drops sockets of addresses that it could not reach, for the collector to close.
    pytest.mark.filterwarnings("ignore:unclosed <:ResourceWarning"),
]


async def test_an_administrator_sees_what_is_wrong_without_anybody_signing_in(auth: Auth, acme: House, at_acmes: Directory) -> None:
    module = auth.parts.modules["ldap"]
    good = await module.examine(acme.tenant, await connect(auth, acme, at_acmes))
    wrong_password = await module.examine(acme.tenant, await connect(auth, acme, at_acmes, bind_password="wrong"))
    wrong_base = await module.examine(acme.tenant, await connect(auth, acme, at_acmes, base_dn="dc=nowhere"))
    away = await module.examine(acme.tenant, await connect(auth, acme, at_acmes, urls="ldaps://127.0.0.1:1"))

    assert [(check.name, check.passed) for check in good] == [("directory_tls", True), ("service_bind", True), ("base_entry", True)]
    assert [(checks[-1].name, checks[-1].passed) for checks in (wrong_password, wrong_base, away)] == [
        ("service_bind", False),
        ("base_entry", False),
        ("directory_reached", False),
    ]


def wrong(given: dict[str, Any], secrets: dict[str, str]) -> set[str]:
    with pytest.raises(ValidationFailed) as caught:
        LdapSettings.settle(given, secrets)
    return set(caught.value.fields)


def test_settings_that_cannot_work_are_refused_together() -> None:
    assert wrong({}, {}) == {"urls", "base_dn", "user_filter"}
    assert wrong({"urls": "http://x", "base_dn": "dc=x", "user_filter": "(uid=x)", "seconds": 99, "shoe": 1}, {"x": "y"}) == {
        "urls", "user_filter", "seconds", "shoe", "x",
    }  # fmt: skip
    assert wrong({"urls": "ldaps://x", "base_dn": "dc=x", "user_filter": "(uid={login})", "bind_dn": "cn=r", "ca": "nonsense"}, {}) == {
        "bind_password", "ca",
    }  # fmt: skip


def test_checks_never_hold_the_password(at_acmes: Directory) -> None:
    from auth.ldap import directory

    settled, _ = LdapSettings.settle(settings_for(at_acmes), {"bind_password": READER_PASSWORD})
    checks = Checks()
    found = directory.prove(
        LdapSettings(**{**settled, "urls": tuple(settled["urls"])}), READER_PASSWORD, "alice", "alicepw", checks, reach=Reach(everywhere=True)
    )

    assert {"editors", "staff"} <= set(found.groups)
    assert not {"alicepw", READER_PASSWORD} & {text for check in checks.done for text in (check.expected, check.found)}


async def test_a_directory_inside_of_a_private_network_is_not_asked(acme: House, auth: Auth, at_acmes: Directory) -> None:
    connection = await connect(auth, acme, at_acmes)

    checks = await LdapModule(dev=False).examine(acme.tenant, connection)

    assert [(check.name, check.passed) for check in checks] == [("directory_reached", False)]
    assert "IMPRINT_PRIVATE_NETWORKS" in checks[0].found

    named = await LdapModule(dev=False, private=(ip_network("127.0.0.0/8"), ip_network("::1/128"))).examine(acme.tenant, connection)
    assert (len(named) > 1, all(check.passed for check in named)) == (True, True)
