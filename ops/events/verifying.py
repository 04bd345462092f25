"""`imprint events verify`: one organization or all of them, one after the other, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from app.replay.verifying import Verification, verify
from migrations.serving import serves
from tenants.anchoring import Comparison, compare
from tenants.database import Database
from tenants.errors import NotFound, Refusal
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings

NAMED = 10
VERIFIED = ("active", "suspended")


class CannotVerify(Refusal):
    """An organization whose schema this release does not know."""

    code = "TENANT_BEHIND"


@dataclass(frozen=True, slots=True)
class Verified:
    """`error`: why nothing could be verified."""

    slug: str
    found: Verification | None
    anchored: Comparison | None = None
    error: str | None = None

    @property
    def clean(self) -> bool:
        return self.found is not None and self.found.clean and self.anchored is not None and self.anchored.holds

    @property
    def chain(self) -> str:
        """`ok`, or where it breaks, or what of what was anchored is missing."""
        if self.found is None or self.anchored is None:
            return "not verified"
        return "; ".join([*self._breaks(self.found), *_missing(self.anchored)]) or "ok"

    def _breaks(self, found: Verification) -> Iterator[str]:
        if found.breaks_in_all:
            yield self._broken(found)

    @staticmethod
    def _broken(found: Verification) -> str:
        named = ", ".join(f"{one.aggregate_type} {one.aggregate_id} at version {one.version}" for one in found.breaks[:NAMED])
        more = found.breaks_in_all - NAMED
        return f"broken: {named}" + (f" and {more} more" if more > 0 else "")

    def as_json(self) -> dict[str, Any]:
        if self.found is None:
            return {"slug": self.slug, "aggregates": 0, "events": 0, "differences": [], "chain": self.chain, "bypassed": [], "error": self.error}
        return {
            "slug": self.slug,
            "aggregates": self.found.aggregates,
            "events": self.found.events,
            "differences": [asdict(one) for one in self.found.differences],
            "differences_in_all": self.found.differences_in_all,
            "chain": self.chain,
            "anchor": _anchor(self.anchored),
            "bypassed": self.found.bypassed,
            "bypassed_in_all": self.found.bypassed_in_all,
        }

    def lines(self) -> Iterator[str]:
        """For people: what was verified, then what is wrong, then who was seen."""
        if self.found is None:
            yield f"{self.slug}: not verified: {self.error}"
            return
        found = self.found
        wrong = f"{found.differences_in_all} differences, chain {self.chain}" if not self.clean else "nothing differs, every chain holds"
        yield f"{self.slug}: {found.aggregates} aggregates, {found.events} events: {wrong}; {_since(self.anchored)}"
        for one in found.differences:
            yield f"  {one.aggregate_type} {one.aggregate_id} {one.field}: the row says {one.row!r}, its events {one.replay!r}"
        if found.differences_in_all > len(found.differences):
            yield f"  … and {found.differences_in_all - len(found.differences)} more differences"
        if found.bypassed_in_all:
            yield f"  past the application, {found.bypassed_in_all} changes were noted; the newest:"
        for noted in found.bypassed[:NAMED]:
            who = noted["session_role"] + ("" if noted["effective_role"] == "none" else f" as {noted['effective_role']}")
            yield f"    {noted['at'].isoformat()} {who}: {noted['operation']} {noted['table_name']} {noted['row_key'] or ''}".rstrip()


async def verify_all(database: Database, settings: TenantSettings, slug: str | None) -> list[Verified]:
    """Raises NotFound for a slug that nobody has. What stops one organization's verification stops no other's."""
    keyring = Keyring(settings.secret_keys)
    registry = Registry(database, keyring)
    slugs = [slug] if slug else [one.slug for one in await registry.all() if one.status in VERIFIED]
    return [await _one(database, registry, keyring, one) for one in slugs]


async def _one(database: Database, registry: Registry, keyring: Keyring, slug: str) -> Verified:
    try:
        tenant = servable(await registry.by_slug(slug), slug)
        return Verified(slug, await verify(database, tenant), await compare(database, tenant, keyring))
    except NotFound:
        raise
    except Refusal as refused:
        return Verified(slug, None, error=f"{refused.message} [{refused.code}]")


def _missing(anchored: Comparison) -> Iterator[str]:
    if anchored.tampered:
        yield anchored.tampered
    yield from (one.said() for one in anchored.missing[:NAMED])
    if len(anchored.missing) > NAMED:
        yield f"and {len(anchored.missing) - NAMED} more that do not reach their anchor"


def _anchor(anchored: Comparison | None) -> dict[str, Any] | None:
    if anchored is None or anchored.anchor is None:
        return None
    return {"number": anchored.anchor.number, "made_at": anchored.anchor.made_at, "events": anchored.anchor.events}


def _since(anchored: Comparison | None) -> str:
    if anchored is None or anchored.anchor is None:
        return "not anchored yet"
    return f"anchored {anchored.anchor.made_at:%Y-%m-%d %H:%M} UTC with {anchored.anchor.events} events"


def servable(tenant: Tenant | None, slug: str) -> Tenant:
    if tenant is None:
        raise NotFound(f"There is no organization {slug!r}; `imprint tenants list` shows those there are.")
    if not serves(tenant.revision):
        raise CannotVerify(f"Its schema is at {tenant.revision}, before what this release reads; run `imprint migrate up` first.")
    return tenant
