"""The DDL of a new tenant, as data for `tenants.lifecycle`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from migrations.history import History, head
from migrations.sql.transactions import in_one_transaction
from migrations.tokens import TENANT_ROLE, TENANT_SCHEMA, replaced
from tenants.naming import RoleName, SchemaName


@dataclass(frozen=True, slots=True)
class RevisionProvisioner:
    """Makes tenants at one revision of this release.

    Nobody works in a schema that is being made, so all revisions run in one transaction, those too that run otherwise on
    tenants that are there; one with Python in it gives what an empty schema needs where Alembic is offline.
    """

    revision: str

    def statements(self, schema: SchemaName, role: RoleName) -> Sequence[str]:
        from migrations.rendering import upgrade_statements  # noqa: PLC0415 - Alembic takes half a second; a place from the stock needs none

        names = {TENANT_SCHEMA: schema, TENANT_ROLE: role}
        return replaced(in_one_transaction(upgrade_statements(History.TENANT, None, self.revision)), names)


@dataclass(frozen=True, slots=True)
class HeadProvisioner(RevisionProvisioner):
    """Makes tenants at the head revision."""

    revision: str = field(default_factory=lambda: head(History.TENANT))
