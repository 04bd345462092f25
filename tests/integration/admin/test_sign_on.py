"""An administrator connects the company's identity provider by the console alone."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
from litestar.types import ASGIApp

from auth.policies import Decided
from auth.service import Auth
from auth.sso.connections import Connection
from ops.bench.identity_provider import metadata, pair_of
from tenants.ids import new_id
from tests.forms import form_of
from tests.integration.admin.console import connect, onward, rehearse, send, signed_in
from tests.integration.auth.arriving import own
from tests.integration.auth.conftest import NewPerson, client_at, who
from tests.integration.conftest import House
from tests.peers.openid import CLIENT, SECRET, Provider


async def test_a_provider_is_connected_tested_and_switched_on(
    app: ASGIApp, auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider
) -> None:
    provider.honest()
    subject = new_id().hex
    provider.person = {"sub": subject, "email": f"{subject}@acme.example", "email_verified": True, "name": "Kit", "groups": ["staff"]}
    await own(auth, acme.tenant, "acme.example")
    name = await connect(admin, provider)

    page = await admin.get(f"/admin/sign-on/{name}")
    assert f"http://acme.localhost:8000/auth/oidc/{name}/callback" in page.text
    assert SECRET not in page.text
    tested = await rehearse(admin, provider, name)
    assert "checks passed" in tested.text
    assert await auth.parts.accounts.find(acme.tenant, f"{subject}@acme.example") is None
    saved = await send(
        admin,
        f"/admin/sign-on/{name}",
        f"/admin/sign-on/{name}",
        label="Company",
        create_people="yes",
        default_role="reader",
        group_roles="staff = author",
    )
    on = await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/switch", on="yes")
    assert (saved.status_code, on.status_code) == (303, 303)
    async with client_at(app, "acme.localhost") as person:
        assert "Continue with Company" in (await person.get("/auth/login")).text
        there = await person.get(f"/auth/oidc/{name}/login")
        assert (await person.get(f"/auth/oidc/{name}/callback", params=provider.agree(there.headers["location"]))).status_code == 303
        assert (await who(person))["me"]["role"] == "author"


async def test_a_test_names_the_check_that_failed_with_what_was_expected_and_found(
    auth: Auth, admin: httpx.AsyncClient, acme: House, provider: Provider
) -> None:
    provider.honest()
    provider.person = {"sub": "s", "email": "s@nowhere.example", "email_verified": True}
    name = await connect(admin, provider)

    foreign = await rehearse(admin, provider, name)
    provider.claims = lambda claims: claims.update(aud="another-client")
    audience = await rehearse(admin, provider, name)

    assert "Refused at check" in foreign.text
    assert "nowhere.example" in foreign.text
    assert "Add the domain under Domains" in foreign.text
    assert "another-client" in audience.text
    assert "Token is for us" in audience.text


async def test_a_test_in_anothers_browser_shows_and_does_nothing(
    app: ASGIApp, admin: httpx.AsyncClient, acme: House, provider: Provider, new_person: NewPerson
) -> None:
    provider.honest()
    provider.person = {"sub": "t", "email": "t@acme.example", "email_verified": True}
    name = await connect(admin, provider)
    begun = await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/test")
    stranger = await signed_in(app, await new_person(acme, role="admin"))
    refused = await stranger.get(onward(begun))
    there = await admin.get(onward(begun))

    back = await stranger.get(f"/auth/oidc/{name}/callback", params=provider.agree(there.headers["location"]))

    assert (refused.status_code, there.status_code, back.status_code) == (401, 303, 401)
    await stranger.aclose()


async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_made(admin: httpx.AsyncClient, provider: Provider) -> None:
    new = "/admin/sign-on/new/oidc"
    provider.honest()

    wrong = await send(admin, new, new, name="No Good", issuer="", client_id="", client_secret="")
    name = await connect(admin, provider)
    twice = await send(admin, new, new, name=name, issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET)
    terms = await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}", label="", default_role="owner", group_roles="staff = nothing\nx")
    kept = await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/remove", confirm="something")
    gone = await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/remove", confirm=name)

    assert wrong.status_code == 400
    assert all(f'id="{field}-wrong"' in wrong.text for field in ("name", "issuer", "client_id", "client_secret"))
    assert (twice.status_code, "already" in twice.text) == (409, True)
    assert all(f'id="{field}-wrong"' in terms.text for field in ("label", "default_role", "group_roles"))
    assert 'id="confirm-wrong"' in kept.text
    assert gone.status_code == 303
    assert name not in (await admin.get("/admin/sign-on")).text


async def test_only_who_may_configure_sign_on_comes_in_and_only_by_our_own_forms(
    app: ASGIApp, acme: House, globex: House, admin: httpx.AsyncClient, new_person: NewPerson, provider: Provider
) -> None:
    provider.honest()
    name = await connect(admin, provider)
    editor = await signed_in(app, await new_person(acme, role="editor"))
    neighbour = await signed_in(app, await new_person(globex, role="admin"))
    async with client_at(app, "acme.localhost") as nobody:
        first = await nobody.get("/admin/sign-on")

    assert (first.status_code, first.headers["location"]) == (303, "/auth/login?next=%2Fadmin%2Fsign-on")
    assert (await editor.get("/admin/sign-on")).status_code == 403
    assert (await neighbour.get(f"/admin/sign-on/{name}")).status_code == 404
    assert (await admin.post(f"/admin/sign-on/{name}/switch", data={"on": "yes"})).status_code == 403
    await editor.aclose()
    await neighbour.aclose()


async def test_a_domain_is_claimed_and_its_record_shown(admin: httpx.AsyncClient) -> None:
    page = "/admin/sign-on"
    domain = f"d{new_id().hex[:12]}.example"

    claimed = await send(admin, page, f"{page}/domains", do="claim", domain=domain.upper())
    shown = (await admin.get(page)).text
    wrong = await send(admin, page, f"{page}/domains", do="claim", domain="not a domain")
    removed = await send(admin, page, f"{page}/domains", do="remove", domain=domain)

    assert claimed.status_code == 303
    assert f"_imprint-challenge.{domain}" in shown
    assert "imprint-email-verification=" in shown
    assert 'id="domain-wrong"' in wrong.text
    assert removed.status_code == 303
    assert domain not in (await admin.get(page)).text


async def test_an_owner_decides_who_signs_in_how_and_reads_what_is_missing(
    app: ASGIApp, auth: Auth, acme: House, globex: House, new_person: NewPerson
) -> None:
    owner = await new_person(acme, role="owner")
    browser, address = await signed_in(app, owner), "/admin/sign-on/policies"
    page = await browser.get(address)
    assert "has no second factor" in page.text
    usual = {"trustProviders": "yes", "rememberDays": "30", "hours": "720", "idleHours": "168", "shortest": "12"}
    mine = {f"owner-{owner.user_id}": "yes"}
    refused = await send(browser, address, address, enforced="yes", networks="192.0.2.0/24 nonsense", **usual, **mine)
    assert refused.status_code == 400
    assert "is no network" in refused.text
    refused = await send(browser, address, address, enforced="yes", networks="", **usual, **mine)
    assert "takes active owners who have a password and a second factor" in refused.text
    assert not (await auth.parts.policies.of(acme.tenant)).enforced

    saved = await send(browser, address, address, networks="10.0.0.0/8\n192.0.2.0/24", **usual)
    assert (saved.status_code, "192.0.2.0/24" in (await browser.get(address)).text) == (303, True)
    assert (await send(browser, address, address, networks="", **usual)).status_code == 303
    for house, role in ((acme, "author"), (globex, "author")):
        other = await signed_in(app, await new_person(house, role=role))
        assert (await other.get(address)).status_code == 403
        await other.aclose()
    await browser.aclose()


async def test_factors_sessions_and_passwords_are_decided_on_the_same_page(
    app: ASGIApp, auth: Auth, acme: House, globex: House, new_person: NewPerson
) -> None:
    browser, address = await signed_in(app, await new_person(acme, role="owner")), "/admin/sign-on/policies"
    strict = {"secondFactor": "yes", "rememberDays": "7", "hours": "24", "idleHours": "2", "shortest": "16", "networks": ""}
    usual = {"trustProviders": "yes", "rememberDays": "30", "hours": "720", "idleHours": "168", "shortest": "12", "networks": ""}

    wrong = await send(browser, address, address, **strict | {"hours": "many", "shortest": "7"})
    untouched = await decided_by(auth, acme)
    saved = await send(browser, address, address, **strict)
    decided, others = await decided_by(auth, acme), await decided_by(auth, globex)
    shown = (await browser.get(address)).text
    restored = await send(browser, address, address, **usual)
    await browser.aclose()

    assert wrong.status_code == 400
    assert ("from 1 to 720" in wrong.text, "from 8 to 64" in wrong.text, untouched.shortest_password) == (True, True, 12)
    assert (saved.status_code, restored.status_code) == (303, 303)
    assert (decided.second_factor_required, decided.providers_trusted, decided.remember_days) == (True, False, 7)
    assert (decided.session, decided.idle, decided.shortest_password) == (timedelta(hours=24), timedelta(hours=2), 16)
    assert (others.second_factor_required, others.shortest_password) == (False, 12)
    assert re.search(r'name="secondFactor" value="yes" checked', shown)
    assert re.search(r'name="idleHours" value="2"', shown)


async def decided_by(auth: Auth, house: House) -> Decided:
    auth.parts.policies.forget(house.tenant)
    return await auth.parts.policies.of(house.tenant)


async def test_certificates_of_a_saml_connection_roll_over_in_the_console(
    app: ASGIApp, auth: Auth, admin: httpx.AsyncClient, acme: House, globex: House, new_person: NewPerson
) -> None:
    name, old, new = f"c{new_id().hex[:20]}", metadata(pair_of("idp").certificate), metadata(pair_of("idp-next").certificate)
    made = await send(admin, "/admin/sign-on/new/saml", "/admin/sign-on/new/saml", name=name, metadata=old)
    assert made.status_code == 303, made.text
    here, address = f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/certificates"

    async def kept() -> Connection:
        auth.parts.connections.forget(acme.tenant)
        return await auth.parts.connections.named(acme.tenant, name)

    first = (await kept()).secrets["certificate"]
    assert (await send(admin, here, address, do="switch")).status_code == 409
    for step in ("prepare", "switch"):
        assert (await send(admin, here, address, do=step)).status_code == 303
    assert ((await kept()).secrets["previous_certificate"], (await kept()).secrets["certificate"] != first) == (first, True)
    assert "Ours, the one before" in (await admin.get(here)).text
    assert (await send(admin, here, address, do="drop")).status_code == 303

    before = (await kept()).settings["certificates"]
    assert (await send(admin, here, address, do="add", metadata=new)).status_code == 303
    both = (await kept()).settings["certificates"]
    assert (len(both), both[1:]) == (2, before)
    wrong = await send(admin, here, address, do="replace", metadata="<nothing/>")
    assert (wrong.status_code, (await kept()).settings["certificates"]) == (400, both)
    assert (await send(admin, here, address, do="replace", metadata=new)).status_code == 303
    assert (await kept()).settings["certificates"] == both[:1]
    assert (await send(admin, here, address, do="add")).status_code == 400  # nothing pasted, and nowhere to read it
    other = await signed_in(app, await new_person(globex, role="admin"))
    form = form_of(await other.get("/auth/account"))
    assert (await other.post(address, data={"form": form, "do": "prepare"})).status_code == 404
    await other.aclose()
