"""The DDL of a new tenant, as data for `tenants.lifecycle`."""

from __future__ import annotations

from collections.abc import Sequence

from migrations.history import History, head
from migrations.rendering import upgrade_statements
from migrations.tokens import TENANT_ROLE, TENANT_SCHEMA, replaced
from tenants.naming import RoleName, SchemaName


class HeadProvisioner:
    """Makes tenants at the head revision."""

    @property
    def revision(self) -> str:
        return head(History.TENANT)

    def statements(self, schema: SchemaName, role: RoleName) -> Sequence[str]:
        names = {TENANT_SCHEMA: schema, TENANT_ROLE: role}
        return replaced(upgrade_statements(History.TENANT, None, self.revision), names)
