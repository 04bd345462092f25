from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from app.shared.events import from_store, to_store
from app.taxonomy.categories import Category
from app.taxonomy.errors import CategoryCycle, CategoryNotFound, CategoryTooDeep, MergedIntoItself, TooManyCategories
from app.taxonomy.events import CategoryMerged, CategoryMoved, CategoryUpdated
from app.taxonomy.tree import DEEPEST, MOST_CATEGORIES, Tree
from app.taxonomy.values import Label
from tenants.errors import ValidationFailed


def added(tree: Tree, name: str, parent: Category | None = None, position: int | None = None) -> Category:
    parent_id = parent.id if parent else None
    category = Category.create(uuid4(), Label.checked(name, name.lower(), None), parent_id, tree.room(parent_id, position))
    tree.categories[category.id] = category
    return category


def names(tree: Tree, parent_id: UUID | None = None) -> list[str]:
    return [category.label.name for category in tree.children(parent_id)]


def test_a_new_category_stands_where_it_is_put() -> None:
    tree = Tree()
    for name in "BD":
        added(tree, name)

    added(tree, "A", position=0)
    added(tree, "C", position=2)
    added(tree, "E", position=100)

    assert names(tree) == ["A", "B", "C", "D", "E"]


def test_a_move_among_siblings_is_one_event_of_the_one_that_moves() -> None:
    tree = Tree()
    moved, *_ = [added(tree, name) for name in "ABCD"]

    tree.move(moved.id, None, 2)

    assert names(tree) == ["B", "C", "A", "D"]
    assert [type(event) for category in tree.touched() for event in category.recorded[1:]] == [CategoryMoved]


def test_a_move_to_where_it_is_records_nothing() -> None:
    tree = Tree()
    moved = [added(tree, name) for name in "ABC"][1]

    tree.move(moved.id, None, 1)

    assert len(moved.recorded) == 1


def test_a_category_cannot_stand_under_itself_or_what_stands_under_it() -> None:
    tree = Tree()
    top = added(tree, "Top")
    below = added(tree, "Below", added(tree, "Between", top))

    for target in (top, below):
        with pytest.raises(CategoryCycle):
            tree.move(top.id, target.id, None)
    assert names(tree) == ["Top"]


def test_a_category_cannot_stand_under_one_that_is_not_there() -> None:
    tree = Tree()
    alone = added(tree, "Alone")

    with pytest.raises(CategoryNotFound):
        tree.move(alone.id, uuid4(), None)
    with pytest.raises(CategoryNotFound):
        tree.room(uuid4(), None)


def test_a_tree_is_so_deep_and_no_deeper_also_by_a_move_of_several_levels() -> None:
    tree = Tree()
    level: Category | None = None
    line = [level := added(tree, f"L{depth}", level) for depth in range(DEEPEST)]
    other = added(tree, "Other")
    added(tree, "Child", other)

    with pytest.raises(CategoryTooDeep):
        tree.room(line[-1].id, None)
    with pytest.raises(CategoryTooDeep):
        tree.move(other.id, line[-2].id, None)
    tree.move(other.id, line[-3].id, None)

    assert tree.depth(other.id) == DEEPEST - 1


def test_there_are_so_many_categories_and_no_more() -> None:
    tree = Tree.of(Category(UUID(int=number), rank=number) for number in range(MOST_CATEGORIES))

    with pytest.raises(TooManyCategories):
        tree.room(None, None)


def test_a_deleted_category_leaves_its_children_behind_those_of_another_in_their_order() -> None:
    tree = Tree()
    going, staying = added(tree, "Going"), added(tree, "Staying")
    added(tree, "Own", staying)
    for name in "XY":
        added(tree, name, going)

    tree.delete(going.id, staying.id)

    assert names(tree, staying.id) == ["Own", "X", "Y"]
    assert going.gone


def test_what_stands_in_a_deleted_category_cannot_go_under_it() -> None:
    tree = Tree()
    going = added(tree, "Going")
    below = added(tree, "Below", going)

    for target in (going, below):
        with pytest.raises(CategoryCycle):
            tree.delete(going.id, target.id)


def test_siblings_get_room_anew_when_there_is_none_between_two_of_them() -> None:
    tree = Tree()
    for name in ("First", "Last"):
        added(tree, name)

    for number in range(30):
        added(tree, f"N{number}", position=1)

    assert names(tree) == ["First", *(f"N{number}" for number in reversed(range(30))), "Last"]
    ranks = [category.rank for category in tree.children(None)]
    assert len(set(ranks)) == 32


def test_an_update_holds_what_changed_and_nothing_else() -> None:
    category = Category.create(uuid4(), Label.checked("News", "news", "What is new"), None, 0)

    category.revise(category.label.revised(name="  News ", description=""))

    assert category.recorded[-1] == CategoryUpdated(category.id, {"description": None})


def test_every_field_beyond_its_limits_is_named_together() -> None:
    with pytest.raises(ValidationFailed) as refused:
        Label.checked("", "Not A Slug", "x" * 2001)

    assert refused.value.fields.keys() == {"name", "slug", "description"}


def test_a_category_is_what_its_stored_events_say() -> None:
    tree = Tree()
    parent = added(tree, "Parent")
    lived = added(tree, "Lived")
    lived.revise(lived.label.revised(description="Long"))
    tree.move(lived.id, parent.id, 0)
    stored = [to_store(event) for event in lived.recorded]

    replayed = Category.replay(lived.id, [from_store(event.type, event.type_version, event.data) for event in stored])  # type: ignore[misc] # its own

    assert replayed == lived


def test_merged_categories_leave_their_children_behind_those_of_the_one_that_stays() -> None:
    tree = Tree()
    stays, one, two = [added(tree, name) for name in ("Stays", "One", "Two")]
    for name, parent in (("a", stays), ("b", one), ("c", two)):
        added(tree, name, parent)

    tree.merge([one.id, two.id, one.id], stays.id)

    assert names(tree, stays.id) == ["a", "b", "c"]
    assert (one.gone, two.gone, stays.gone) == (True, True, False)


def test_a_category_that_what_stands_above_it_is_merged_into_takes_the_highest_ones_place() -> None:
    tree = Tree()
    first, top, last = [added(tree, name) for name in ("First", "Top", "Last")]
    middle = added(tree, "Middle", top)
    stays = added(tree, "Stays", middle)
    added(tree, "Other", middle)

    tree.merge([middle.id, top.id], stays.id)

    left = [category.label.name for category in tree.children(None) if not category.gone]
    assert left == [first.label.name, "Stays", last.label.name]
    assert names(tree, stays.id) == ["Other"]
    assert [type(event) for event in middle.recorded[1:]] == [CategoryMerged]


def test_a_category_is_not_merged_into_itself_and_what_is_not_there_is_not_merged() -> None:
    tree = Tree()
    one = added(tree, "One")

    with pytest.raises(MergedIntoItself):
        tree.merge([one.id], one.id)
    with pytest.raises(CategoryNotFound):
        tree.merge([uuid4()], one.id)
    assert [len(category.recorded) for category in tree.touched()] == [1]
