"""Any sequence of operators' commands, against a model of what an organization's life allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.organizations.telling import tell
from tenants.database import Database
from tenants.errors import Refusal
from tenants.lifecycle.deletion import delete, undelete
from tenants.lifecycle.purging import purge
from tenants.lifecycle.renaming import rename
from tenants.lifecycle.states import resume, suspend
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.tenants.lives import actions, entry, is_there, made, told

STEPS = ("suspend", "resume", "rename", "delete", "undelete", "purge")


@dataclass
class Model:
    """What the life is expected to be. `names`: the two slugs between which it is renamed, the one it has first."""

    names: list[str]
    status: str = "active"
    before: str = "active"
    noted: list[str] = field(default_factory=lambda: ["tenant.created"])
    history: list[str] = field(default_factory=list)

    def expect(self, step: str) -> str | None:
        """The code with which the step is refused, None where it is done."""
        if self.status == "purged":
            return None if step == "purge" else "NOT_FOUND"
        if self.status == "deleting":
            return self._deleted(step)
        if step == "purge":
            return "WRONG_STATE"
        self._open(step)
        return None

    def _open(self, step: str) -> None:
        changes = {
            "suspend": self.status == "active",
            "resume": self.status == "suspended",
            "rename": True,
            "delete": True,
            "undelete": False,
        }
        if not changes[step]:
            return
        if step in {"suspend", "resume"}:
            self.status = {"suspend": "suspended", "resume": "active"}[step]
            self.history.append({"suspend": "OrganizationSuspended", "resume": "OrganizationResumed"}[step])
        elif step == "rename":
            self.names.reverse()
            self.history.append("OrganizationRenamed")
        else:
            self.before, self.status = self.status, "deleting"
        self.noted.append({"suspend": "tenant.suspended", "resume": "tenant.resumed", "rename": "tenant.renamed", "delete": "tenant.deleted"}[step])

    def _deleted(self, step: str) -> str | None:
        if step == "undelete":
            self.status = self.before
            self.noted.append("tenant.undeleted")
        elif step == "purge":
            self.status = "purged"
            self.noted += ["tenant.purge_began", "tenant.purged"]
        elif step != "delete":
            return "WRONG_STATE"
        return None


async def take(step: str, settings: TenantSettings, pool: Database, model: Model) -> None:
    slug, other = model.names
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "suspend": lambda: suspend(settings, slug),
        "resume": lambda: resume(settings, slug),
        "rename": lambda: rename(settings, slug, tenant_slug(other)),
        "delete": lambda: delete(settings, slug, confirm=slug, grace_days=0),
        "undelete": lambda: undelete(settings, slug),
        "purge": lambda: purge(settings, slug, lambda _: None),
    }
    await steps[step]()


async def code_of(step: Awaitable[None]) -> str | None:
    try:
        await step
    except Refusal as refusal:
        return refusal.code
    return None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), max_size=10))
async def test_any_sequence_of_commands_ends_as_the_rules_say(migrated: TenantSettings, pool: Database, steps: list[str]) -> None:
    tenant: Tenant = await made(migrated, pool, "any")
    model = Model([tenant.slug, f"{tenant.slug}-x"])
    for step in steps:
        for again in (False, True):
            if again and step == "rename":
                continue  # said again with the names of before it is the first one's; with those of now, another rename
            names = list(model.names)
            given_to = Model(names)
            expected = model.expect(step)
            assert await code_of(take(step, migrated, pool, given_to)) == expected, (steps, step, again)
        if model.status in {"active", "suspended"}:
            await tell(migrated, pool, tenant.id)

    now = await entry(migrated, tenant)
    assert (now.get("slug", model.names[0]), now.get("status", "purged")) == (model.names[0], model.status)
    assert await actions(migrated, tenant) == model.noted
    if model.status == "purged":
        assert await is_there(migrated, tenant) == (False, False)
    else:
        assert await told(migrated, tenant) == model.history


@pytest.mark.parametrize("step", STEPS)
async def test_every_command_needs_an_organization(migrated: TenantSettings, pool: Database, step: str) -> None:
    assert await code_of(take(step, migrated, pool, Model(["nobody-ever", "nobody-else"]))) == "NOT_FOUND"
