"""Who follows what in the API, bound to its table."""

from __future__ import annotations

from app.following.tables import subscriptions
from app.shared.conditions import Col, Equals, IsMe
from app.shared.graph import Computed, Connection, Entity, Field, Graph, Linked, One, Order, Value

ALL = Equals(subscriptions.c.target, "ORGANIZATION")


def _followers(where: str) -> Computed:
    """The row's id is at hand wherever it is read."""
    return Computed(f"(SELECT count(*) FROM __tenant__.subscriptions f WHERE {where})::text", ())  # noqa: S608 - our own words


def _of(column: Col) -> dict[str, Field]:
    return {"followedByMe": Linked(column, subscriptions.c.user_id), "followerCount": _followers(f"f.{column.name} = {{row}}.id")}


FOLLOWED = Entity(
    type="Followed",
    table=subscriptions,
    visible=IsMe(subscriptions.c.user_id),
    fields={
        "id": Value(subscriptions.c.id),
        "target": Value(subscriptions.c.target),
        "author": One("User", subscriptions.c.author_id),
        "category": One("Category", subscriptions.c.category_id),
        "tag": One("Tag", subscriptions.c.tag_id),
        "createdAt": Value(subscriptions.c.created_at),
    },
    order=(Order(subscriptions.c.created_at, descending=True),),
    orders={
        "CREATED_AT_DESC": Order(subscriptions.c.created_at, descending=True),
        "CREATED_AT_ASC": Order(subscriptions.c.created_at),
    },
    filters={
        "target": Value(subscriptions.c.target),
        "createdAt": Value(subscriptions.c.created_at),
    },
)

GRAPH = Graph(
    entities=(FOLLOWED,),
    extensions={
        "User": {"following": Connection("Followed", via=subscriptions.c.user_id), **_of(subscriptions.c.author_id)},
        "Category": _of(subscriptions.c.category_id),
        "Tag": _of(subscriptions.c.tag_id),
        "Organization": {
            "followedByMe": Linked(ALL, subscriptions.c.user_id),
            "followerCount": _followers("f.target = 'ORGANIZATION'"),
        },
    },
)
