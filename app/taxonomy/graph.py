"""Tags and categories in the API, bound to their tables."""

from __future__ import annotations

from app.shared.conditions import IsNull, Permitted
from app.shared.graph import Computed, Entity, Graph, Link, Lookup, Many, One, Order, Recalled, Rows, Value, Within
from app.taxonomy.past import category_history, tag_history
from app.taxonomy.tables import categories, tags

MANAGE = "taxonomy.manage"
MANAGERS = Permitted(MANAGE)

TAG = Entity(
    type="Tag",
    table=tags,
    fields={
        "id": Value(tags.c.id),
        "name": Value(tags.c.name),
        "slug": Value(tags.c.slug),
        "synonyms": Computed(
            "to_json(ARRAY(SELECT s.name FROM __tenant__.tag_synonyms s WHERE s.tag_id = {row}.id ORDER BY s.name, s.slug))::text", (tags.c.id,)
        ),
        "history": Recalled(tag_history, MANAGERS, MANAGE),
        "version": Value(tags.c.version),
    },
    order=(Order(tags.c.name),),
    filters={"id": Value(tags.c.id), "name": Value(tags.c.name), "slug": Value(tags.c.slug)},
)

CATEGORY = Entity(
    type="Category",
    table=categories,
    fields={
        "id": Value(categories.c.id),
        "name": Value(categories.c.name),
        "slug": Value(categories.c.slug),
        "description": Value(categories.c.description),
        "parent": One("Category", categories.c.parent_id),
        "children": Many("Category", Link(categories.c.parent_id, categories.c.id, order=(categories.c.rank,))),
        "position": Computed(
            "(SELECT count(*) FROM __tenant__.categories s WHERE s.parent_id IS NOT DISTINCT FROM {row}.parent_id "
            "AND (s.rank, s.id) < ({row}.rank, {row}.id))::text",
            (categories.c.parent_id, categories.c.rank, categories.c.id),
        ),
        "history": Recalled(category_history, MANAGERS, MANAGE),
        "version": Value(categories.c.version),
    },
    order=(Order(categories.c.rank), Order(categories.c.name)),
    filters={
        "id": Value(categories.c.id),
        "name": Value(categories.c.name),
        "slug": Value(categories.c.slug),
        "parentId": Value(categories.c.parent_id),
        "within": Within(categories.c.parent_id),
    },
)

GRAPH = Graph(
    entities=(TAG, CATEGORY),
    queries={
        "tags": Rows("Tag"),
        "tag": Lookup("Tag", {"id": tags.c.id, "slug": tags.c.slug}),
        "categories": Rows("Category", {"topLevel": IsNull(categories.c.parent_id)}),
        "category": Lookup("Category", {"id": categories.c.id, "slug": categories.c.slug}),
    },
)
