"""Who stands where: every organization's place and revision, in one query for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from uuid import UUID

from tenants.database import AdminConnection
from tenants.errors import NotFound

_STANDING = (
    "SELECT o.id, o.slug, o.schema, o.role, o.revision, EXISTS (SELECT FROM control.pending_indexes p WHERE p.organization_id = o.id) AS unbuilt "
    "FROM control.organizations o WHERE o.purge_began_at IS NULL AND (o.status <> 'provisioning' OR o.origin = 'created' OR o.slug = $1) "
    "ORDER BY o.slug"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """An organization's place as the registry has it, not yet checked. `unbuilt`: indexes of its revision are still to be built."""

    id: UUID
    slug: str
    schema: str
    role: str
    revision: str | None
    unbuilt: bool


_STANDING_BEFORE = "SELECT id, slug, schema, role, revision, false AS unbuilt FROM control.organizations WHERE $1 <> '' ORDER BY slug"


async def survey(admin: AdminConnection, owner: str, tenants: str = "*", *, control_at_head: bool = True) -> Sequence[Standing]:
    """Those whose slug matches the pattern (`*`, `acme`, `a*`), by slug; half-imported ones only by their whole name.

    Raises NotFound where none matches a pattern that asks for some.
    """
    async with admin.transaction(owner):
        rows = await admin.rows(_STANDING if control_at_head else _STANDING_BEFORE, tenants)
    found = [Standing(**dict(row.items())) for row in rows if fnmatchcase(row["slug"], tenants)]
    if not found and tenants != "*":
        raise NotFound(f"No organization matches {tenants!r}: imprint tenants list shows those there are.")
    return found
