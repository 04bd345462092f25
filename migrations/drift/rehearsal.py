"""What a revision makes, seen by making it: from empty, under names of its own, in a transaction that is rolled back."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrations.drift.facts import AS_CONTROL, AS_TENANT, Described, Facts, Shown, digests, facts
from migrations.history import History
from migrations.sql.transactions import in_one_transaction
from migrations.tokens import LOGIN_ROLE, TENANTS_GROUP, replaced
from tenants.ids import new_id
from tenants.lifecycle import Names, make_place
from tenants.naming import group_for, quoted, schema_for

if TYPE_CHECKING:
    from tenants.database import AdminConnection
    from tenants.settings import TenantSettings

_CONTROL = re.compile(r"\bcontrol\b")


@dataclass(frozen=True, slots=True)
class Made:
    """A schema as its revision makes it."""

    digest: str
    facts: Facts


async def tenants_made(admin: AdminConnection, settings: TenantSettings, revisions: Collection[str]) -> dict[str, Made]:
    """For each of these revisions, with the statements that make a new tenant. Raises StatementFailed where one cannot be made."""
    from migrations.provisioning import RevisionProvisioner  # noqa: PLC0415 - Alembic takes a second to load

    made = {}
    for revision in revisions:
        async with admin.rehearsal():
            await admin.run(f"SET LOCAL ROLE {quoted(settings.owner_role)}")
            names = await Names.read(admin, settings)
            place = await make_place(admin, names, RevisionProvisioner(revision), new_id())
            made[revision] = await _described(admin, Described(place.schema, place.role), AS_TENANT)
    return made


async def control_made(admin: AdminConnection, settings: TenantSettings, revision: str) -> Made:
    """The control schema's statements with another schema's name in every place of `control`, which no revision uses for anything else."""
    from migrations.rendering import upgrade_statements  # noqa: PLC0415 - Alembic takes a second to load

    schema, owner = schema_for(new_id()), quoted(settings.owner_role)
    async with admin.rehearsal():
        await admin.run(f"CREATE SCHEMA {quoted(schema)} AUTHORIZATION {owner}")
        await admin.run(f"SET LOCAL ROLE {owner}")
        names = await Names.read(admin, settings)
        tokens = {TENANTS_GROUP: group_for(names.prefix), LOGIN_ROLE: names.login}
        statements = [_CONTROL.sub(schema, sql) for sql in in_one_transaction(upgrade_statements(History.CONTROL, None, revision))]
        await admin.run_all(replaced(statements, tokens))
        return await _described(admin, Described(schema), AS_CONTROL)


async def _described(admin: AdminConnection, place: Described, shown: Shown) -> Made:
    hashes = await digests(admin, [place], shown)
    return Made(hashes[place.schema], await facts(admin, place, shown))
