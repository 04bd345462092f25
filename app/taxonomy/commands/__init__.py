"""What people can have done with tags and categories."""

from __future__ import annotations

from app.taxonomy.commands.categories import CreateCategory, DeleteCategory, MergeCategories, MoveCategory, UpdateCategory
from app.taxonomy.commands.order import HoldOrder
from app.taxonomy.commands.tags import CreateTag, DeleteTag, EnsureTags, MergeTags, RenameTag

__all__ = [
    "CreateCategory",
    "CreateTag",
    "DeleteCategory",
    "DeleteTag",
    "EnsureTags",
    "HoldOrder",
    "MergeCategories",
    "MergeTags",
    "MoveCategory",
    "RenameTag",
    "UpdateCategory",
]
