"""How a directory is asked."""

from __future__ import annotations

import ldap3

from auth.ldap.searching import search


def test_attributes_are_asked_for_in_lower_case_which_every_server_takes() -> None:
    connection = ldap3.Connection(ldap3.Server("directory.example"), client_strategy=ldap3.MOCK_SYNC)
    connection.open()

    assert search(connection, "dc=acme", "(uid=alice)", ldap3.SUBTREE, ["entryUUID", "memberOf"], most=1) == []
    assert connection.request["attributes"] == ["entryuuid", "memberof"]
