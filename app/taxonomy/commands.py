"""What people can have done with tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.taxonomy import policy, store
from app.taxonomy.tags import Tag
from app.taxonomy.values import TagName
from auth.principal import Principal
from tenants.ids import new_id
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class EnsureTags:
    """Make the tags that are missing; the outcome's aggregates are all of them, in the order of the names, each once."""

    names: tuple[str, ...]


@handles(EnsureTags)
async def ensure_tags(command: EnsureTags, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_tag(who)
    wanted: dict[str, TagName] = {}
    for name in map(TagName.of, command.names):
        wanted.setdefault(name.slug, name)
    found = await store.by_slug(tx, list(wanted))
    for slug in sorted(wanted.keys() - found.keys()):  # in one order everywhere, so that two writers never wait for each other
        tag = Tag.create(new_id(), wanted[slug])
        found[slug] = tag if await store.insert_new(tx, tag) else (await store.by_slug(tx, [slug]))[slug]
    return [found[slug] for slug in wanted]
