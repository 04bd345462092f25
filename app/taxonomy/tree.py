"""The tree that categories make: who stands under whom, in which order, and what would be no tree any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.taxonomy.categories import Category
from app.taxonomy.errors import CategoryCycle, CategoryNotFound, CategoryTooDeep, MergedIntoItself, TooManyCategories

DEEPEST = 6
MOST_CATEGORIES = 1_000
GAP = 1 << 20  # between neighbours: twenty moves to the same place before siblings are numbered anew


@dataclass(slots=True)
class Tree:
    """All categories of an organization. Verbs move them; `touched` are those that have anything to save."""

    categories: dict[UUID, Category] = field(default_factory=dict)

    @classmethod
    def of(cls, categories: Iterable[Category]) -> Tree:
        return cls({category.id: category for category in categories})

    def category(self, id: UUID) -> Category:
        """Raises CategoryNotFound."""
        if id not in self.categories:
            raise CategoryNotFound
        return self.categories[id]

    def touched(self) -> list[Category]:
        return [category for category in self.categories.values() if category.recorded]

    def children(self, parent_id: UUID | None) -> list[Category]:
        """In their order."""
        found = [category for category in self.categories.values() if category.parent_id == parent_id]
        return sorted(found, key=lambda category: (category.rank, category.id))

    def room(self, parent_id: UUID | None, position: int | None) -> int:
        """The rank of a new category at this place. Raises CategoryNotFound, CategoryTooDeep, TooManyCategories."""
        if len(self.categories) >= MOST_CATEGORIES:
            raise TooManyCategories(f"An organization has at most {MOST_CATEGORIES} categories; delete some that are not needed, or use tags.")
        self._refuse_too_deep(parent_id, height=1)
        return self._rank(self.children(parent_id), position)

    def move(self, id: UUID, parent_id: UUID | None, position: int | None) -> None:
        """`position` among its future siblings, counted from 0; None, or beyond them: the last.

        Raises CategoryNotFound, CategoryCycle, CategoryTooDeep.
        """
        moving = self.category(id)
        if parent_id in self.subtree(id):
            raise CategoryCycle("A category cannot be moved under itself or under what stands under it; move that out first.")
        if parent_id != moving.parent_id:
            self._refuse_too_deep(parent_id, height=self._height(id))
        siblings = self.children(parent_id)
        others = [sibling for sibling in siblings if sibling.id != id]
        place = len(others) if position is None else max(0, min(position, len(others)))
        if moving in siblings and siblings.index(moving) == place:
            return
        moving.place(parent_id, self._rank(others, place))

    def delete(self, id: UUID, into: UUID | None) -> None:
        """Its children go behind those of `into`, in their order. Raises what `move` does."""
        deleted = self.category(id)
        if into in self.subtree(id):
            raise CategoryCycle("What stands in a category cannot move to itself or under it when it is deleted; name another category.")
        self._rehome(id, into)
        deleted.delete(into)

    def merge(self, ids: Sequence[UUID], into: UUID) -> None:
        """Their children go behind those of `into`, which may stand under one of them: then it takes the place of the highest such.

        Raises CategoryNotFound, MergedIntoItself, CategoryTooDeep.
        """
        stays = self.category(into)
        merged = [self.category(id) for id in dict.fromkeys(ids)]
        if stays in merged:
            raise MergedIntoItself("A category cannot be merged into itself; leave it out of those that go.")
        above = [category for category in merged if into in self.subtree(category.id)]
        if above:
            highest = min(above, key=lambda category: self.depth(category.id))
            self.move(into, highest.parent_id, self.children(highest.parent_id).index(highest))
        for category in sorted(merged, key=lambda category: self.depth(category.id), reverse=True):
            self._rehome(category.id, into)
            category.merge_into(stays)

    def subtree(self, id: UUID) -> set[UUID]:
        """A category and everything under it."""
        found, waiting = {id}, [id]
        while waiting:
            below = [category.id for category in self.children(waiting.pop())]
            found.update(below)
            waiting.extend(below)
        return found

    def depth(self, id: UUID | None) -> int:
        """1 at the top, 0 for none. Raises CategoryNotFound."""
        steps = 0
        while id is not None:
            steps, id = steps + 1, self.category(id).parent_id
        return steps

    def _rehome(self, id: UUID, into: UUID | None) -> None:
        for child in self.children(id):
            if not child.gone:
                self.move(child.id, into, None)

    def _height(self, id: UUID) -> int:
        base = self.depth(id)
        return max(self.depth(below) for below in self.subtree(id)) - base + 1

    def _refuse_too_deep(self, parent_id: UUID | None, height: int) -> None:
        if self.depth(parent_id) + height > DEEPEST:
            raise CategoryTooDeep(f"Categories stand at most {DEEPEST} deep; choose a parent nearer to the top.")

    def _rank(self, siblings: Sequence[Category], position: int | None) -> int:
        """Between those who will be its neighbours; where nothing is left between them, all siblings get room anew."""
        place = len(siblings) if position is None else max(0, min(position, len(siblings)))
        if place == len(siblings):
            return siblings[-1].rank + GAP if siblings else 0
        if place == 0:
            return siblings[0].rank - GAP
        before, after = siblings[place - 1].rank, siblings[place].rank
        if after - before > 1:
            return (before + after) // 2
        for number, sibling in enumerate(siblings):
            sibling.place(sibling.parent_id, (number if number < place else number + 1) * GAP)
        return place * GAP
