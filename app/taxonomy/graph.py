"""Tags in the API, bound to their table."""

from __future__ import annotations

from app.shared.graph import Entity, Graph, Order, Rows, Value
from app.taxonomy.tables import tags

TAG = Entity(
    type="Tag",
    table=tags,
    fields={"id": Value(tags.c.id), "name": Value(tags.c.name), "slug": Value(tags.c.slug)},
    order=(Order(tags.c.name),),
    filters={"id": Value(tags.c.id), "name": Value(tags.c.name), "slug": Value(tags.c.slug)},
)

GRAPH = Graph(entities=(TAG,), queries={"tags": Rows("Tag")})
