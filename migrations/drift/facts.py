"""Reading what stands in schemas, with tokens in place of a tenant's own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from migrations.drift.catalog import DIGESTS, FACTS
from migrations.tokens import TENANT_ROLE, TENANT_SCHEMA

if TYPE_CHECKING:
    from tenants.database import AdminConnection


# The name under which a tenant's role is a fact.
ROLE = "of this tenant"


class Key(NamedTuple):
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Fact:
    """`parent` is the name of the object that this belongs to: without that one, this cannot be either."""

    definition: str
    parent: str = ""


Facts = Mapping[Key, Fact]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a schema and its role are called in facts."""

    schema: str
    role: str


AS_TENANT = Shown(TENANT_SCHEMA, TENANT_ROLE)
AS_CONTROL = Shown("control", "")


@dataclass(frozen=True, slots=True)
class Described:
    """A schema to be described; `role` is empty where it has none of its own."""

    schema: str
    role: str = ""


async def digests(admin: AdminConnection, places: Sequence[Described], shown: Shown) -> dict[str, str]:
    """One hash of all facts for each schema that is there."""
    rows = await admin.rows(DIGESTS, *_named(places), shown.schema, shown.role)
    return {row["schema"]: row["digest"] for row in rows}


async def facts(admin: AdminConnection, place: Described, shown: Shown) -> Facts:
    """Empty where the schema is missing."""
    rows = await admin.rows(FACTS, *_named([place]), shown.schema, shown.role)
    return {Key(row["kind"], row["name"]): Fact(row["definition"] or "", row["parent"]) for row in rows}


def _named(places: Sequence[Described]) -> tuple[list[str], list[str]]:
    return [place.schema for place in places], [place.role for place in places]
