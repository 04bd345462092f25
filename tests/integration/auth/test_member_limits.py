from __future__ import annotations

import re

from app.bus import Bus
from auth.service import Auth
from ops.demo.people import House as Cast
from ops.organizations.founding import found
from ops.organizations.tiering import change_tier
from tenants.database import Database
from tenants.settings import TenantSettings
from tests.integration.auth.conftest import NewPerson, client_at
from tests.integration.conftest import House
from tests.integration.serving import running

SAME = {"Origin": "http://crowded.localhost:8000"}


async def test_an_invitation_is_kept_for_when_there_is_room_again(
    migrated: TenantSettings, pool: Database, bus: Bus, auth: Auth, new_person: NewPerson
) -> None:
    founded = await found(migrated, pool, slug="crowded", name="Crowded", owner_email="o@crowded.example")
    crowded = House(founded.tenant, {}, Cast("crowded", "Crowded", ()))
    invited = await new_person(crowded, status="invited")
    token = await auth.parts.links.issue(crowded.tenant, invited.user_id, "invitation")

    answers = []
    for members in (1, None):
        await change_tier(migrated, pool, "crowded", "basic", {"members": members})
        async with running(migrated) as app, client_at(app, "crowded.localhost") as client:
            page = await client.get(f"/auth/invitation?token={token}")
            fields = dict(re.findall(r'name="(token|form)" value="([^"]*)"', page.text))
            answers.append(await client.post("/auth/invitation", data=fields | {"password": "a long enough one"}, headers=SAME))

    assert [answer.status_code for answer in answers] == [400, 303]
    assert "This organization has 2 members and may have 1. Ask whoever runs this installation for a larger tier." in answers[0].text
