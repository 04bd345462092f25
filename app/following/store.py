"""Subscriptions made, ended and passed on."""

# ruff: noqa: S608 - every name in these texts is our own

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.following.values import Kind, Target
from app.shared.erasing import erases
from tenants.ids import new_id
from tenants.statements import Statement, statement
from tenants.transaction import Transaction

COLUMNS = {Kind.AUTHOR: "author_id", Kind.CATEGORY: "category_id", Kind.TAG: "tag_id"}

# What is held is there until the subscription is: whoever deletes or merges it waits, or came first.
HOLD = {
    Kind.AUTHOR: statement("SELECT true FROM __tenant__.users WHERE id = :id AND status IN ('invited', 'active', 'suspended') FOR KEY SHARE"),
    Kind.CATEGORY: statement("SELECT true FROM __tenant__.categories WHERE id = :id FOR KEY SHARE"),
    Kind.TAG: statement("SELECT true FROM __tenant__.tags WHERE id = :id FOR KEY SHARE"),
}
ALONE = statement("SELECT true FROM __tenant__.users WHERE id = :user_id FOR NO KEY UPDATE")
COUNT = statement("SELECT count(*) FROM __tenant__.subscriptions WHERE user_id = :user_id")
FOLLOW = statement(
    """
    INSERT INTO __tenant__.subscriptions (id, user_id, target, author_id, category_id, tag_id, created_at)
    VALUES (:id, :user_id, :target, CAST(:author_id AS uuid), CAST(:category_id AS uuid), CAST(:tag_id AS uuid), :now) ON CONFLICT DO NOTHING
    """
)


def _of_one(column: str) -> tuple[Statement, Statement]:
    mine = f"user_id = :user_id AND {column} = :id"
    return (
        statement(f"SELECT true FROM __tenant__.subscriptions WHERE {mine}"),
        statement(f"DELETE FROM __tenant__.subscriptions WHERE {mine}"),
    )


FOLLOWS, UNFOLLOW = (dict(zip(COLUMNS, kind, strict=True)) for kind in zip(*(_of_one(column) for column in COLUMNS.values()), strict=True))
FOLLOWS_ALL = statement("SELECT true FROM __tenant__.subscriptions WHERE user_id = :user_id AND target = 'ORGANIZATION'")
UNFOLLOW_ALL = statement("DELETE FROM __tenant__.subscriptions WHERE user_id = :user_id AND target = 'ORGANIZATION'")
# Those who follow several of them, or what they are merged into, keep one; what is left goes with what is merged.
PASS_ON = {
    kind: statement(
        f"""
        UPDATE __tenant__.subscriptions s SET {column} = :into
        WHERE s.id IN (
          SELECT DISTINCT ON (m.user_id) m.id FROM __tenant__.subscriptions m WHERE m.{column} = ANY (CAST(:merged AS uuid[]))
          ORDER BY m.user_id, m.created_at, m.id
        ) AND NOT EXISTS (SELECT FROM __tenant__.subscriptions o WHERE o.user_id = s.user_id AND o.{column} = :into)
        """
    )
    for kind, column in COLUMNS.items()
}
erases("what they follow", statement("DELETE FROM __tenant__.subscriptions WHERE user_id = :user_id"))
erases("who follows them", statement("DELETE FROM __tenant__.subscriptions WHERE author_id = :user_id"))


async def hold(tx: Transaction, target: Target) -> bool:
    """Whether there is such a target; it stays until this transaction ends."""
    if target.kind is Kind.ORGANIZATION:
        return target.id == tx.tenant.id
    return bool(await tx.connection.fetchval(HOLD[target.kind], id=target.id))


async def follows(tx: Transaction, user_id: UUID, target: Target) -> bool:
    if target.kind is Kind.ORGANIZATION:
        return bool(await tx.connection.fetchval(FOLLOWS_ALL, user_id=user_id))
    return bool(await tx.connection.fetchval(FOLLOWS[target.kind], user_id=user_id, id=target.id))


async def count_alone(tx: Transaction, user_id: UUID) -> int:
    """How much somebody follows, who follows nothing else until this transaction ends."""
    await tx.connection.fetchval(ALONE, user_id=user_id)
    return int(await tx.connection.fetchval(COUNT, user_id=user_id))


async def follow(tx: Transaction, user_id: UUID, target: Target) -> bool:
    """False where somebody does already."""
    named = {column: target.id if kind is target.kind else None for kind, column in COLUMNS.items()}
    return bool(await tx.connection.execute(FOLLOW, id=new_id(), user_id=user_id, target=target.kind, now=tx.now, **named))


async def unfollow(tx: Transaction, user_id: UUID, target: Target) -> bool:
    """False where somebody does not follow it."""
    if target.kind is Kind.ORGANIZATION:
        return bool(target.id == tx.tenant.id and await tx.connection.execute(UNFOLLOW_ALL, user_id=user_id))
    return bool(await tx.connection.execute(UNFOLLOW[target.kind], user_id=user_id, id=target.id))


async def pass_on(tx: Transaction, kind: Kind, merged: Sequence[UUID], into: UUID) -> int:
    """How many subscriptions went along. Whoever merges holds the rows of all of them: nobody begins to follow them meanwhile."""
    return await tx.connection.execute(PASS_ON[kind], merged=list(merged), into=into)
