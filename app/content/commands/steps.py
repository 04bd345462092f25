"""One step of a post's way: policy, load, verb, save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.content import changes, policy, store
from app.content.posts import Post
from app.shared.aggregates import Aggregate
from auth.principal import Principal
from tenants.errors import Unauthenticated
from tenants.transaction import Transaction

Allowed = Callable[[Principal, Post], None]
Verb = Callable[[Post], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the workflow; refused where `expected_version` is given and is no longer the post's."""

    post_id: UUID
    expected_version: int | None = None


async def step(command: Step, who: Principal, tx: Transaction, allowed: Allowed, verb: Verb) -> Sequence[Aggregate]:
    loaded = await load(command.post_id, command.expected_version, who, tx, allowed)
    verb(loaded.post)
    await save(tx, loaded)
    return [loaded.post]


async def load(post_id: UUID, expected_version: int | None, who: Principal, tx: Transaction, allowed: Allowed) -> store.Loaded:
    loaded = await store.load(tx, post_id)
    policy.visible(who, loaded.post)
    allowed(who, loaded.post)
    if expected_version is not None and expected_version != loaded.version:
        raise await changes.conflict(tx, post_id, expected_version)
    return loaded


async def save(tx: Transaction, loaded: store.Loaded) -> None:
    try:
        await store.save(tx, loaded)
    except store.Overtaken:
        raise await changes.conflict(tx, loaded.post.id, loaded.version) from None


def person(who: Principal) -> UUID:
    if who.user_id is None:
        raise Unauthenticated("Sign in first: send a bearer token, or sign in at /auth/login.")
    return who.user_id
