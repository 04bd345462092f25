"""Services that act as their own account, and ask about tokens."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from app.bus import Bus
from app.users.commands import ActivateUser, InviteUser, SuspendUser
from auth.principal import SYSTEM
from auth.service import Auth
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.integration.auth.conftest import bearer, who
from tests.integration.auth.front_ends import Registered, asking, registered
from tests.integration.conftest import House


async def service_of(auth: Auth, bus: Bus, house: House, role: str = "editor") -> Registered:
    user_id = new_id()
    await bus.execute(house.tenant, InviteUser(user_id, f"{user_id.hex}@services.invalid", "Robot", role), SYSTEM, correlation_id=new_id())
    await bus.execute(house.tenant, ActivateUser(user_id), SYSTEM, correlation_id=new_id())
    return await registered(auth, house, user_id=user_id)


async def as_service(client: httpx.AsyncClient, service: Registered, **changed: str) -> httpx.Response:
    body = {"grant_type": "client_credentials", "client_id": service.client.client_id, "client_secret": service.secret, **changed}
    return await client.post("/auth/token", json=body)


async def test_a_service_acts_as_its_account_and_its_secret_is_good_at_its_organization_only(
    auth: Auth, bus: Bus, acme: House, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient
) -> None:
    service = await service_of(auth, bus, acme)
    tokens = (await as_service(at_acme, service)).json()

    assert "refresh_token" not in tokens
    assert (await who(at_acme, bearer(tokens["access_token"])))["me"]["role"] == "editor"
    wrong = [await as_service(at_acme, service, client_secret="wrong"), await as_service(at_globex, service)]
    assert {(answer.status_code, answer.json()["error"]) for answer in wrong} == {(401, "invalid_client")}
    assert service.client.user_id is not None
    await bus.execute(acme.tenant, SuspendUser(service.client.user_id), SYSTEM, correlation_id=new_id())
    assert (await as_service(at_acme, service)).status_code == 401


async def test_a_client_that_is_removed_takes_its_sessions_along(
    auth: Auth, bus: Bus, acme: House, at_acme: httpx.AsyncClient, make_auth: Callable[[], Auth]
) -> None:
    service = await service_of(auth, bus, acme)
    tokens = (await as_service(at_acme, service)).json()

    await auth.parts.clients.remove(acme.tenant, service.client.client_id, Cause(new_id()))

    token = await auth.parts.tokens.verify(tokens["access_token"])
    assert await make_auth().parts.rights.of(acme.tenant, token.session) is None
    assert (await as_service(at_acme, service)).status_code == 401


async def test_nobody_is_sent_to_sign_in_for_a_service(auth: Auth, bus: Bus, acme: House, at_acme: httpx.AsyncClient) -> None:
    service = await service_of(auth, bus, acme)
    page = await at_acme.get(asking(service.client))

    assert (page.status_code, "its client_id is wrong" in page.text) == (400, True)


async def test_another_service_asks_whether_a_token_is_good(
    auth: Auth, bus: Bus, acme: House, globex: House, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient
) -> None:
    asking_one, foreign = await service_of(auth, bus, acme), await service_of(auth, bus, globex)
    token = (await as_service(at_acme, asking_one)).json()["access_token"]
    other = (await as_service(at_globex, foreign)).json()["access_token"]
    proof = {"client_id": asking_one.client.client_id, "client_secret": asking_one.secret}

    good = (await at_acme.post("/auth/introspect", data={"token": token, **proof})).json()
    bad = [(await at_acme.post("/auth/introspect", json={"token": text, **proof})).json() for text in (other, "x", token + "x", "")]
    nobody = await at_acme.post("/auth/introspect", json={"token": token, "client_id": "nobody"})
    public = (await registered(auth, acme)).client.client_id
    without_secret = await at_acme.post("/auth/introspect", json={"token": token, "client_id": public})

    assert (good["active"], good["role"], good["tenant"], good["client_id"]) == (True, "editor", "acme", asking_one.client.client_id)
    assert bad == [{"active": False}] * 4
    assert (nobody.status_code, without_secret.status_code) == (401, 401)


async def test_a_reverse_proxy_asks_who_sends_a_request(auth: Auth, bus: Bus, acme: House, at_acme: httpx.AsyncClient) -> None:
    token = (await as_service(at_acme, await service_of(auth, bus, acme))).json()["access_token"]

    known = await at_acme.get("/auth/verify?permission=content.publish", headers=bearer(token))
    less = await at_acme.get("/auth/verify?permission=users.manage", headers=bearer(token))
    several = [
        (await at_acme.get(f"/auth/verify?permission={first}&permission={second}", headers=bearer(token))).status_code
        for first, second in (("content.publish", "content.create"), ("users.manage", "content.publish"), ("content.publish", "users.manage"))
    ]
    nobody = await at_acme.get("/auth/verify")

    assert (known.status_code, known.headers["x-imprint-role"], known.headers["x-imprint-organization"]) == (204, "editor", "acme")
    assert (less.status_code, nobody.status_code, several) == (403, 401, [204, 403, 403])
