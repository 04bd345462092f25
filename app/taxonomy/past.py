"""What happened to tags and categories, as people may see it."""

from __future__ import annotations

from typing import Any

from app.shared.past import history_of
from app.taxonomy.categories import Category
from app.taxonomy.tags import Tag


def _tag(tag: Tag) -> dict[str, Any]:
    return {"name": tag.name, "slug": tag.slug, "synonyms": sorted(word.name for word in tag.synonyms)}


def _category(category: Category) -> dict[str, Any]:
    label = category.label
    parent = str(category.parent_id) if category.parent_id else None
    return {"name": label.name, "slug": label.slug, "description": label.description, "parentId": parent}


tag_history = history_of(Tag, _tag)
category_history = history_of(Category, _category)
