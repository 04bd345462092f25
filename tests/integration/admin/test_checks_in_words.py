"""Administrators read in their own language what a sign-in was looked at for: in a test, in the list of refusals, by a set-up link."""

from __future__ import annotations

import re

import httpx
import pytest
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.ids import new_id
from tests.integration.admin.console import connect, rehearse, send
from tests.integration.auth.arriving import own
from tests.integration.auth.conftest import client_at
from tests.integration.conftest import House
from tests.peers.openid import CLIENT, SECRET, Provider

LANGUAGES = {"de": ("Erwartet", "wie erwartet", "eine Adresse, die der Anbieter geprüft hat"), "fr": ("Attendu", "comme attendu", "vérifiée")}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_test_sign_in_is_read_in_ones_own_language(admin: httpx.AsyncClient, acme: House, provider: Provider, language: str) -> None:
    provider.honest()
    provider.person = {"sub": new_id().hex, "email": "someone@acme.example", "email_verified": False}
    name = await connect(admin, provider)
    admin.headers["Accept-Language"] = language

    page = await rehearse(admin, provider, name)

    for words in LANGUAGES[language]:
        assert words in page.text
    assert not re.search(r"as expected|an address that|not verified|of the last day|seconds", page.text)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_refused_sign_in_is_read_in_ones_own_language(
    app: ASGIApp, auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider, language: str
) -> None:
    provider.honest()
    provider.person = {"sub": new_id().hex, "email": "someone@acme.example", "email_verified": False}
    await own(auth, acme.tenant, "acme.example")
    name = await connect(admin, provider)
    await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/switch", on="yes")
    async with client_at(app, "acme.localhost") as person:
        there = await person.get(f"/auth/oidc/{name}/login")
        refused = await person.get(f"/auth/oidc/{name}/callback", params=provider.agree(there.headers["location"]))
    trace = re.search(r"<code>([^<]+)</code>", refused.text)
    assert trace, refused.text
    assert LANGUAGES[language][2] not in refused.text  # whoever was refused does not read why

    page = await admin.get("/admin/sign-on", params={"trace": trace[1]}, headers={"Accept-Language": language})
    in_english = await admin.get("/admin/sign-on", params={"trace": trace[1]}, headers={"Accept-Language": "en"})

    assert LANGUAGES[language][2] in page.text
    assert "s…@acme.example" in page.text
    assert "an address that the provider has verified" in in_english.text


async def test_a_test_shows_what_the_provider_says_of_the_person(auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider) -> None:
    provider.honest()
    address = f"{new_id().hex}@acme.example"
    provider.person = {"sub": "who-<b>", "email": address, "email_verified": True, "groups": ["staff", *map(str, range(60))]}
    await own(auth, acme.tenant, "acme.example")
    name = await connect(admin, provider)

    page = await rehearse(admin, provider, name)

    said = page.text.partition('id="said"')[2]
    assert [words in said for words in (address, "who-&lt;b&gt;", "staff, 0, 1", "and 11 more", "not sent")] == [True] * 5
    assert "who-<b>" not in page.text
    assert "the same" in page.text  # where it is, it stands there once
    assert f"{CLIENT}, or nothing" in page.text  # what may be left out is not expected

    provider.claims = lambda claims: claims.update(aud="another-client")
    refused = await rehearse(admin, provider, name)

    assert 'id="said"' not in refused.text  # what is not proven is nobody's word


async def test_the_button_says_whose_people_sign_in_unless_the_administrator_says_otherwise(
    auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider
) -> None:
    provider.honest()
    new = "/admin/sign-on/new/oidc"
    usual = await connect(admin, provider)
    chosen, wrong = f"c{new_id().hex[:20]}", f"w{new_id().hex[:20]}"
    typed = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET}
    made = await send(admin, new, new, name=chosen, label="  Company   account ", **typed)
    refused = await send(admin, new, new, name=wrong, label="x" * 61, **typed)

    auth.parts.connections.forget(acme.tenant)  # what this process knew of them before
    labels = {one.name: one.label for one in await auth.parts.connections.of(acme.tenant)}
    organization = (await auth.parts.policies.of(acme.tenant)).name

    assert (made.status_code, refused.status_code) == (303, 400)
    assert 'id="label-wrong"' in refused.text
    assert (labels[usual], labels[chosen], wrong in labels) == (organization, "Company account", False)
    assert f'name="label" value="{organization}"' in (await admin.get(new)).text
    assert 'name="label" value="Okta"' in (await admin.get("/admin/sign-on/new/okta")).text


async def test_a_role_is_chosen_among_those_that_there_are(admin: httpx.AsyncClient, provider: Provider) -> None:
    provider.honest()
    name = await connect(admin, provider)

    page = await admin.get(f"/admin/sign-on/{name}")
    wrong = await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}", label="x", default_role="king", group_roles="")

    roles = re.findall(r'<option value="(\w+)"', page.text)
    assert {"reader", "content_manager"} <= set(roles)
    assert "owner" not in roles
    assert (wrong.status_code, "Nothing was changed. See what is marked below." in wrong.text) == (400, True)
    assert "default_role:" not in wrong.text


async def test_whoever_was_refused_reads_it_on_a_page_of_the_organization(
    app: ASGIApp, auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider
) -> None:
    provider.honest()
    name = await connect(admin, provider)
    organization = (await auth.parts.policies.of(acme.tenant)).name
    async with client_at(app, "acme.localhost") as person:
        refused = await person.get(f"/auth/oidc/{name}/callback", params={"state": "unknown", "code": "x"})
        unknown = await person.get("/auth/saml/nowhere/login")
        elsewhere = await person.get("/auth/no-such-page", headers={"Accept": "text/html"})
    trace = re.search(r"<code>([^<]+)</code>", refused.text)
    assert trace, refused.text

    page = await admin.get("/admin/sign-on", params={"trace": trace[1].lower().replace("-", " ")})

    assert (refused.status_code, unknown.status_code, elsewhere.status_code) == (401, 404, 404)
    assert all('<a href="/auth/login">Begin again</a>' in page.text for page in (refused, unknown))
    assert "imprint connections" not in unknown.text  # that is for operators
    assert f"This did not work · {organization}</title>" in refused.text
    assert f'<span class="mark" aria-hidden="true">{organization[0].upper()}</span>' in refused.text
    assert f"refused under {trace[1]}" in page.text
    assert "Begin again at the sign-in page" in page.text  # what to do now
