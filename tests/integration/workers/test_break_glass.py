"""All owners hear of it when one of them comes in past the provider."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.bus import Bus
from app.users.commands import ActivateUser, InviteUser
from auth.principal import SYSTEM
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of
from tests.letters import letters_in
from workers.mail import FolderPostman
from workers.reactions.break_glass import mail_owners
from workers.reactions.registry import FiringOut


async def test_every_owner_gets_one_letter_about_it_and_nobody_else(
    migrated: TenantSettings, pool: Database, bus: Bus, globex: House, tmp_path: Path
) -> None:
    house, second = await house_of(migrated, pool, replace(ACME, slug="glass")), new_id()
    await bus.execute(house.tenant, InviteUser(second, "second@glass.example", "Bea Second", "owner"), SYSTEM, correlation_id=new_id())
    await bus.execute(house.tenant, ActivateUser(second), SYSTEM, correlation_id=new_id())
    data = {"user_id": str(second), "trace": "K7QF-29TD"}
    postman = FolderPostman("http://localhost:8000", "no-reply@localhost", tmp_path)
    firing = FiringOut(tenant=house.tenant, timer_id=new_id(), subject_id=new_id(), data=data, delivery_id=new_id(), database=pool, postman=postman)

    await mail_owners(firing)
    await mail_owners(firing)  # the worker was killed before it could say that it was done

    letters = letters_in(tmp_path)
    assert sorted(one.to for one in letters) == ["owner@glass.example", "second@glass.example"]
    for one in letters:
        assert all(part in one.text for part in ("Bea Second", "K7QF-29TD", "/admin/sign-on"))
