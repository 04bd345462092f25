"""Whatever is done to a tree of categories, it is the tree that plain lists say, and it is the fold of its events."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.taxonomy.categories import Category
from app.taxonomy.errors import CategoryCycle, CategoryTooDeep
from app.taxonomy.tree import DEEPEST, Tree
from app.taxonomy.values import Label

PLACES = st.one_of(st.none(), st.integers(0, 6))
STEPS = st.lists(st.tuples(st.sampled_from(("add", "add", "move", "move", "delete")), st.integers(0, 30), st.integers(0, 30), PLACES), max_size=40)


class Lists:
    """The oracle: for each category the list of its children, kept by hand."""

    def __init__(self) -> None:
        self.below: dict[int | None, list[int]] = {None: []}

    def parent(self, id: int) -> int | None:
        return next(parent for parent, children in self.below.items() if id in children)

    def line(self, id: int | None) -> list[int]:
        """From a category up to the top."""
        return [] if id is None else [id, *self.line(self.parent(id))]

    def height(self, id: int) -> int:
        return 1 + max(map(self.height, self.below[id]), default=0)

    def put(self, id: int, parent: int | None, place: int | None) -> None:
        children = self.below[parent]
        children.insert(len(children) if place is None else place, id)


def shape(tree: Tree, parent: UUID | None = None) -> list[object]:
    return [(category.id.int, shape(tree, category.id)) for category in tree.children(parent)]


def expected(lists: Lists, parent: int | None = None) -> list[object]:
    return [(id, expected(lists, id)) for id in lists.below[parent]]


def uuid(id: int | None) -> UUID | None:
    return None if id is None else UUID(int=id)


def add(tree: Tree, lists: Lists, id: int, parent: int | None, place: int | None) -> None:
    if len(lists.line(parent)) == DEEPEST:
        with pytest.raises(CategoryTooDeep):
            tree.room(uuid(parent), place)
        return
    tree.categories[UUID(int=id)] = Category.create(UUID(int=id), Label(f"C{id}", f"c{id}"), uuid(parent), tree.room(uuid(parent), place))
    lists.below[id] = []
    lists.put(id, parent, place)


def move(tree: Tree, lists: Lists, id: int, parent: int | None, place: int | None) -> None:
    refusal: type[Exception] | None = None
    if id in lists.line(parent):
        refusal = CategoryCycle
    elif len(lists.line(parent)) + lists.height(id) > DEEPEST:
        refusal = CategoryTooDeep
    if refusal:
        with pytest.raises(refusal):
            tree.move(UUID(int=id), uuid(parent), place)
        return
    tree.move(UUID(int=id), uuid(parent), place)
    lists.below[lists.parent(id)].remove(id)
    lists.put(id, parent, place)


def delete(tree: Tree, lists: Lists, id: int) -> None:
    parent = lists.parent(id)
    tree.delete(UUID(int=id), uuid(parent))
    deleted = tree.categories.pop(UUID(int=id))
    assert deleted.gone
    lists.below[parent].remove(id)
    lists.below[parent].extend(lists.below.pop(id))


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_any_tree_is_what_lists_kept_by_hand_say(steps: list[tuple[str, int, int, int | None]]) -> None:
    tree, lists = Tree(), Lists()
    for number, (what, one, other, place) in enumerate(steps):
        known = sorted(id for id in lists.below if id is not None)
        parent = ([None, *known])[other % (len(known) + 1)]
        if what == "add" or not known:
            add(tree, lists, number + 1, parent, place)
        elif what == "move":
            move(tree, lists, known[one % len(known)], parent, place)
        else:
            delete(tree, lists, known[one % len(known)])

        assert shape(tree) == expected(lists)
    for category in tree.categories.values():
        assert Category.replay(category.id, category.recorded) == category
