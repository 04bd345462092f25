"""`imprint connections change SLUG KIND NAME`, as an operator mends a connection in place."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey

from auth.service import Auth
from auth.sso.connections import Connection
from ops.bench.identity_provider import metadata, pair_of
from tenants.settings import TenantSettings
from tests.commands import Ended
from tests.integration.conftest import House
from tests.integration.migrations.commands import imprint
from tests.peers import openid
from tests.peers.certificates import Authority
from tests.peers.openid import CLIENT, SECRET


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Files that commands read."""
    for name, text in (("secret", SECRET), ("other", "another secret"), ("password", "readerpw")):
        (tmp_path / name).write_text(f"{text}\n")
    return tmp_path


async def kept(auth: Auth, house: House, name: str) -> Connection:
    auth.parts.connections.forget(house.tenant)
    return await auth.parts.connections.named(house.tenant, name)


async def test_what_is_named_changes_and_all_else_stays(migrated: TenantSettings, auth: Auth, acme: House, globex: House, written: Path) -> None:
    async def change(*options: str) -> Ended:
        return await imprint(migrated, "connections", "change", "acme", "oidc", "mended", *options, "--json")

    with openid.running() as provider:
        client = ("--issuer", provider.issuer, "--client-id", CLIENT, "--client-secret-file", str(written / "secret"))
        for slug in ("acme", "globex"):
            made = await imprint(migrated, "connections", "add", slug, "oidc", "mended", *client, "--map", "staff=author", "--label", "Old", "--json")
            assert made.code == 0, made.err
        before, other = await kept(auth, acme, "mended"), await kept(auth, globex, "mended")

        values = await change("--groups-claim", "teams", "--userinfo")
        secret = await change("--client-secret-file", str(written / "other"))
        usual = await change("--groups-claim", "", "--no-userinfo")
        terms = await change("--label", "New", "--no-jit", "--default-role", "author", "--map", "all=editor", "--map", "staff=author")
        no_rules = await change("--no-map")
        (written / "key").write_text(json.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=True)))
        by_key = await change("--private-key-file", str(written / "key"))
        by_secret = await change("--client-secret-file", str(written / "other"))
        after = await kept(auth, acme, "mended")

        assert [one.code for one in (values, secret, usual, terms, no_rules, by_key, by_secret)] == [0] * 7
        assert (values.json["settings"]["groups_claim"], values.json["settings"]["userinfo"]) == ("teams", True)
        assert (usual.json["settings"], usual.json["groups"]) == (dict(before.settings), {"staff": "author"})
        assert (terms.json["label"], terms.json["creates_people"], terms.json["default_role"]) == ("New", False, "author")
        assert (terms.json["groups"], no_rules.json["groups"]) == ({"all": "editor", "staff": "author"}, {})
        assert (by_key.json["settings"]["authentication"], by_key.json["secrets"]) == ("private_key_jwt", ["private_key"])
        assert by_secret.json["settings"]["authentication"] == before.settings["authentication"]
        assert (after.id, after.secrets, after.enabled) == (before.id, {"client_secret": "another secret"}, True)
        assert all(SECRET not in one.out and "another secret" not in one.out for one in (values, secret, terms))
        assert await kept(auth, globex, "mended") == other
    for slug in ("acme", "globex"):
        assert (await imprint(migrated, "connections", "remove", slug, "mended")).code == 0


async def test_a_kept_secret_goes_to_no_other_address_and_under_no_other_authority(
    migrated: TenantSettings, auth: Auth, acme: House, written: Path
) -> None:
    first, second = (Authority.new(f"authority {number}").pem.certificate for number in (1, 2))
    for name, text in (("first.pem", first), ("second.pem", second)):
        (written / name).write_text(text)
    bind = ("--bind-dn", "cn=reader", "--bind-password-file", str(written / "password"))
    where = ("--url", "ldaps://one.example.com", "--base-dn", "dc=acme", "--user-filter", "(uid={login})", "--ca-file", str(written / "first.pem"))
    made = await imprint(migrated, "connections", "add", "acme", "ldap", "moved", *where, *bind, "--json")
    before = await kept(auth, acme, "moved")

    async def change(*options: str) -> Ended:
        return await imprint(migrated, "connections", "change", "acme", "ldap", "moved", *options, "--json")

    refused = [
        await change("--url", "ldaps://evil.example.com"),
        await change("--ca-file", str(written / "second.pem")),
        await change("--no-ca", "--label", "Also not changed"),
    ]
    unchanged = await kept(auth, acme, "moved")
    slower = await change("--seconds", "9", "--url", "ldaps://one.example.com", "--ca-file", str(written / "first.pem"))
    taken = await change("--ca-file", str(written / "second.pem"), "--bind-password-file", str(written / "password"))
    anonymous = await change("--bind-dn", "", "--url", "ldaps://two.example.com", "--url", "ldaps://three.example.com")

    assert (made.code, slower.code, taken.code, anonymous.code) == (0, 0, 0, 0), taken.err
    for one in refused:
        assert (one.code, one.json["error"]["code"], list(one.json["error"]["fields"])) == (1, "VALIDATION_FAILED", ["bind_password"])
        assert "is needed again" in one.json["error"]["fields"]["bind_password"]
    assert unchanged == before
    assert (slower.json["settings"]["seconds"], taken.json["settings"]["ca"]) == (9, second)
    assert (anonymous.json["settings"]["urls"], anonymous.json["secrets"]) == (["ldaps://two.example.com", "ldaps://three.example.com"], [])
    assert (await imprint(migrated, "connections", "remove", "acme", "moved")).code == 0


async def test_a_saml_providers_new_metadata_takes_the_place_of_the_old_or_stands_beside_it(
    migrated: TenantSettings, auth: Auth, acme: House, tmp_path: Path
) -> None:
    old, new = (pair_of(name).certificate for name in ("before", "afterwards"))
    for name, certificate in (("old.xml", old), ("new.xml", new)):
        (tmp_path / name).write_text(metadata(certificate))
    (tmp_path / "other.xml").write_text(metadata(new).replace('entityID="', 'entityID="urn:another:'))
    made = await imprint(
        migrated, "connections", "add", "acme", "saml", "renewed", "--metadata", str(tmp_path / "old.xml"), "--attribute", "groups=memberOf", "--json"
    )
    before = await kept(auth, acme, "renewed")

    async def change(*options: str) -> Ended:
        return await imprint(migrated, "connections", "change", "acme", "saml", "renewed", *options, "--json")

    other = await change("--metadata", str(tmp_path / "other.xml"))
    both = await change("--metadata", str(tmp_path / "new.xml"), "--keep-certificates", "--idp-initiated")
    alone = await change("--metadata", str(tmp_path / "new.xml"), "--attribute", "groups=")
    after = await kept(auth, acme, "renewed")

    assert (made.code, other.code, both.code, alone.code) == (0, 1, 0, 0)
    assert "no identity provider" in other.json["error"]["fields"]["metadata"]
    assert (len(both.json["settings"]["certificates"]), both.json["settings"]["attribute_groups"]) == (2, "memberOf")
    assert (len(alone.json["settings"]["certificates"]), alone.json["settings"]["attribute_groups"]) == (1, None)
    assert both.json["settings"]["certificates"][0] == alone.json["settings"]["certificates"][0] != before.settings["certificates"][0]
    assert (after.settings["idp_initiated"], after.settings["entity_id"], after.secrets) == (True, before.settings["entity_id"], before.secrets)
    assert (await imprint(migrated, "connections", "remove", "acme", "renewed")).code == 0


async def test_what_is_wrong_is_refused_with_what_to_do_and_nothing_is_changed(
    migrated: TenantSettings, auth: Auth, acme: House, at_acme: httpx.AsyncClient, written: Path
) -> None:
    urls = (
        "--authorize-url",
        "https://forge.example.com/a",
        "--token-url",
        "https://forge.example.com/t",
        "--userinfo-url",
        "https://forge.example.com/u",
    )
    client = ("--client-id", CLIENT, "--client-secret-file", str(written / "secret"))
    assert (await imprint(migrated, "connections", "add", "acme", "oauth2", "forge", *urls, *client, "--id-field", "id")).code == 0
    before = await kept(auth, acme, "forge")
    change = ("connections", "change", "acme")

    nothing = await imprint(migrated, *change, "oauth2", "forge")
    both = await imprint(migrated, *change, "oauth2", "forge", "--map", "a=author", "--no-map")
    unknown = await imprint(migrated, *change, "oauth2", "nowhere", "--scopes", "read", "--json")
    of_another_kind = await imprint(migrated, *change, "ldap", "forge", "--seconds", "9", "--json")
    amiss = ("--scopes", 'a"b', "--id-field", "a b", "--default-role", "king", "--label", "", "--domain", "no domain")
    wrong = await imprint(migrated, *change, "oauth2", "forge", *amiss, "--json")
    nowhere = await imprint(migrated, *change, "oauth2", "forge", "--label", "New", "--domain", "forge.example", "--domain", "nowhere", "--json")
    moved = await imprint(migrated, *change, "oauth2", "forge", "--token-url", "https://evil.example.com/t", "--json")

    assert (nothing.code, both.code, unknown.code, of_another_kind.code, wrong.code, moved.code) == (2, 2, 1, 1, 1, 1)
    assert "nothing is to be changed" in nothing.err
    assert "exclude each other" in both.err
    assert (unknown.json["error"]["code"], of_another_kind.json["error"]["code"]) == ("NOT_FOUND", "CONFLICT")
    assert "imprint connections change acme oauth2 forge" in of_another_kind.json["error"]["message"]
    assert set(wrong.json["error"]["fields"]) == {"scopes", "id_field", "default_role", "label", "domain.no domain"}
    assert set(nowhere.json["error"]["fields"]) == {"domain.nowhere"}
    assert set(moved.json["error"]["fields"]) == {"client_secret"}
    assert await kept(auth, acme, "forge") == before
    assert (await imprint(migrated, "connections", "remove", "acme", "forge")).code == 0
