"""What a connection was set up with is changed in the console, without connecting anew."""

from __future__ import annotations

import html
import json
import re

import httpx
from joserfc.jwk import ECKey
from litestar.types import ASGIApp

from auth.service import Auth
from ops.bench.identity_provider import metadata, pair_of
from tenants.ids import new_id
from tests.integration.admin.console import connect, kept_by, rehearse, send, signed_in
from tests.integration.auth.arriving import own
from tests.integration.auth.conftest import NewPerson
from tests.integration.conftest import House
from tests.peers import openid
from tests.peers.certificates import Authority
from tests.peers.openid import CLIENT, SECRET, Provider


def values_of(name: str) -> str:
    return f"/admin/sign-on/{name}/values"


def as_shown(page: httpx.Response) -> dict[str, str]:
    """What the form would send as it stands."""
    typed = {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="(?:text|url|number|password)"\s+name="(\w+)"\s+value="([^"]*)"', page.text)
    }
    typed |= {name: html.unescape(text) for name, text in re.findall(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>', page.text)}
    return typed | dict.fromkeys(re.findall(r'type="checkbox" name="(\w+)" value="yes" checked', page.text), "yes")


async def test_values_are_changed_and_a_secret_that_nobody_typed_stays(auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider) -> None:
    provider.person = {"sub": "v", "email": f"{new_id().hex}@acme.example", "email_verified": True, "teams": ["staff"]}
    await own(auth, acme.tenant, "acme.example")
    name = await connect(admin, provider)
    page = await admin.get(values_of(name))

    changed = await send(admin, values_of(name), values_of(name), **as_shown(page) | {"groups_claim": "teams", "userinfo": "yes"})

    assert (changed.status_code, changed.headers["location"]) == (303, f"/admin/sign-on/{name}?saved")
    assert "Saved." in (await admin.get(changed.headers["location"])).text
    assert SECRET not in page.text
    assert (as_shown(page)["issuer"], as_shown(page)["client_secret"]) == (provider.issuer, "")
    kept = await kept_by(auth, acme, name)
    assert (kept.settings["groups_claim"], kept.settings["userinfo"], kept.secrets) == ("teams", True, {"client_secret": SECRET})
    assert "checks passed" in (await rehearse(admin, provider, name)).text

    renewed = await send(admin, values_of(name), values_of(name), **as_shown(await admin.get(values_of(name))) | {"client_secret": "another"})

    assert renewed.status_code == 303
    assert (await kept_by(auth, acme, name)).secrets == {"client_secret": "another"}


async def test_a_secret_goes_to_no_other_address_unless_it_is_typed_again(
    auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider
) -> None:
    name = await connect(admin, provider)
    before = await kept_by(auth, acme, name)
    with openid.running() as elsewhere:
        moved = as_shown(await admin.get(values_of(name))) | {"issuer": elsewhere.issuer}

        refused = await send(admin, values_of(name), values_of(name), **moved)
        unchanged = await kept_by(auth, acme, name)
        taken = await send(admin, values_of(name), values_of(name), **moved | {"client_secret": "of the other"})

        assert refused.status_code == 400
        assert re.search(r'id="client_secret-wrong">is needed again', refused.text)
        assert unchanged == before
        assert taken.status_code == 303
        after = await kept_by(auth, acme, name)
        assert (after.settings["issuer"], after.secrets) == (elsewhere.issuer, {"client_secret": "of the other"})


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_changed(
    auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider
) -> None:
    name = await connect(admin, provider)
    before = await kept_by(auth, acme, name)

    answer = await send(
        admin, values_of(name), values_of(name), **as_shown(await admin.get(values_of(name))) | {"scopes": "email", "email_claim": "a b"}
    )

    assert answer.status_code == 400
    assert 'id="scopes-wrong"' in answer.text
    assert 'id="email_claim-wrong"' in answer.text
    assert await kept_by(auth, acme, name) == before


async def test_a_saml_connection_takes_its_options_and_keeps_certificates_and_our_key(auth: Auth, admin: httpx.AsyncClient, acme: House) -> None:
    name, document = f"c{new_id().hex[:20]}", metadata(pair_of("values").certificate)
    made = await send(admin, "/admin/sign-on/new/saml", "/admin/sign-on/new/saml", name=name, metadata=document)
    before = await kept_by(auth, acme, name)
    shown = as_shown(await admin.get(values_of(name)))

    changed = await send(
        admin, values_of(name), values_of(name), **shown | {"idp_initiated": "yes", "clock_skew": "90", "attribute_email": "urn:mail"}
    )
    too_much = await send(admin, values_of(name), values_of(name), **shown | {"clock_skew": "900"})

    assert (made.status_code, changed.status_code, too_much.status_code) == (303, 303, 400)
    assert 'id="clock_skew-wrong"' in too_much.text
    after = await kept_by(auth, acme, name)
    assert after.settings == {**before.settings, "idp_initiated": True, "clock_skew": 90, "attribute_email": "urn:mail"}
    assert after.secrets == before.secrets


async def test_a_directory_keeps_its_accounts_password_while_its_servers_stay(auth: Auth, admin: httpx.AsyncClient, acme: House) -> None:
    name = f"c{new_id().hex[:20]}"
    typed = {
        "url": "ldaps://one.example.com",
        "base_dn": "dc=acme",
        "user_filter": "(uid={login})",
        "bind_dn": "cn=reader",
        "bind_password": "readerpw",
    }
    made = await send(admin, "/admin/sign-on/new/ldap", "/admin/sign-on/new/ldap", name=name, **typed)
    shown = as_shown(await admin.get(values_of(name)))

    slower = await send(admin, values_of(name), values_of(name), **shown | {"seconds": "9", "id_attribute": "objectGUID"})
    moved = await send(admin, values_of(name), values_of(name), **shown | {"url": "ldaps://evil.example.com"})
    anonymous = await send(admin, values_of(name), values_of(name), **shown | {"bind_dn": ""})

    assert (made.status_code, slower.status_code, moved.status_code, anonymous.status_code) == (303, 303, 400, 303)
    assert 'id="bind_password-wrong"' in moved.text
    after = await kept_by(auth, acme, name)
    assert (after.settings["urls"], after.settings["bind_dn"], after.secrets) == (["ldaps://one.example.com"], "", {})


async def test_its_accounts_password_is_asked_for_again_where_other_servers_are_to_be_trusted(
    auth: Auth, admin: httpx.AsyncClient, acme: House
) -> None:
    name = f"c{new_id().hex[:20]}"
    first, second = (Authority.new(f"authority {number}").pem.certificate for number in (1, 2))
    typed = {"url": "ldaps://one.example.com", "base_dn": "dc=acme", "user_filter": "(uid={login})", "bind_dn": "cn=reader", "ca": first}
    made = await send(admin, "/admin/sign-on/new/ldap", "/admin/sign-on/new/ldap", name=name, **typed, bind_password="readerpw")
    shown = as_shown(await admin.get(values_of(name)))
    before = await kept_by(auth, acme, name)

    same = await send(admin, values_of(name), values_of(name), **shown | {"seconds": "9", "ca": first.replace("\n", "\r\n")})
    refused = [
        await send(admin, values_of(name), values_of(name), **shown | {"ca": authority})
        for authority in (second, first + second, "")  # without any, the authorities that the machine trusts
    ]
    unchanged = await kept_by(auth, acme, name)
    taken = await send(admin, values_of(name), values_of(name), **shown | {"ca": second, "bind_password": "readerpw"})

    assert (made.status_code, same.status_code, taken.status_code) == (303, 303, 303)
    for answer in refused:
        assert answer.status_code == 400
        assert re.search(r'id="bind_password-wrong">is needed again', answer.text)
    assert (unchanged.settings["ca"].split(), unchanged.secrets) == (first.split(), before.secrets)
    assert (await kept_by(auth, acme, name)).settings["ca"].split() == second.split()


async def test_a_private_key_stays_since_it_is_sent_nowhere(auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider) -> None:
    name = await connect(admin, provider)
    key = json.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=True))
    by_key = as_shown(await admin.get(values_of(name))) | {"authentication": "private_key_jwt", "private_key": key}
    changed = await send(admin, values_of(name), values_of(name), **by_key)
    with openid.running() as elsewhere:
        moved = await send(admin, values_of(name), values_of(name), **as_shown(await admin.get(values_of(name))) | {"issuer": elsewhere.issuer})

        assert (changed.status_code, moved.status_code) == (303, 303)
        after = await kept_by(auth, acme, name)
        assert (after.settings["issuer"], after.secrets) == (elsewhere.issuer, {"private_key": key})


async def test_an_oauth_provider_of_any_make_is_connected_in_the_console(auth: Auth, admin: httpx.AsyncClient, acme: House) -> None:
    name, at = f"c{new_id().hex[:20]}", "https://forge.example.com"
    addresses = {"authorize_url": f"{at}/authorize", "token_url": f"{at}/token", "userinfo_url": f"{at}/user"}

    page = await admin.get("/admin/sign-on/new/oauth2")
    made = await send(
        admin, "/admin/sign-on/new/oauth2", "/admin/sign-on/new/oauth2", name=name, client_id=CLIENT, client_secret=SECRET, id_field="id", **addresses
    )

    assert "Callback address" in page.text
    assert made.status_code == 303, made.text
    kept = await kept_by(auth, acme, name)
    assert (kept.kind, kept.settings["id_field"]) == ("oauth2", "id")
    assert {key: kept.settings[key] for key in addresses} == addresses


async def test_values_are_for_whoever_configures_sign_on_at_their_own_organization(
    app: ASGIApp, admin: httpx.AsyncClient, acme: House, globex: House, provider: Provider, new_person: NewPerson
) -> None:
    name = await connect(admin, provider)
    editor = await signed_in(app, await new_person(acme, role="editor"))
    stranger = await signed_in(app, await new_person(globex, role="admin"))
    answers = [
        await editor.get(values_of(name)),
        await stranger.get(values_of(name)),
        await stranger.post(values_of(name), data={"issuer": provider.issuer}),
    ]
    for browser in (editor, stranger):
        await browser.aclose()
    assert [answer.status_code for answer in answers] == [403, 404, 404]
