"""The rules of taxonomy that can say no."""

from __future__ import annotations

from tenants.errors import NotFound, Refusal


class TagNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such tag.")


class CategoryNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("There is no such category.")


class TagWordTaken(Refusal):
    """A word leads to one tag only."""

    code = "TAG_WORD_TAKEN"


class MergedIntoItself(Refusal):
    code = "MERGED_INTO_ITSELF"


class CategoryCycle(Refusal):
    """A category cannot stand under itself or under what stands under it."""

    code = "CATEGORY_CYCLE"


class CategoryTooDeep(Refusal):
    code = "CATEGORY_TOO_DEEP"


class TooManyCategories(Refusal):
    code = "TOO_MANY_CATEGORIES"
