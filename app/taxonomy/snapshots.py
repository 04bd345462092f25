"""What the rows of tags and categories must hold."""

from __future__ import annotations

from app.shared.snapshots import snapshots
from app.taxonomy import store
from app.taxonomy.categories import Category
from app.taxonomy.tags import Tag

snapshots(Tag, "tags", rows=store.TAGS, of_row=store.tag_from_row, gone=lambda tag: tag.gone)
snapshots(Category, "categories", rows=store.MANY_CATEGORIES, of_row=store.category_from_row, gone=lambda category: category.gone)
