"""Making categories, moving them about in their tree, and taking them out of it. One such change is made after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.shared.recording import expect_version
from app.shared.slugs import cut, numbered, slug_from
from app.shared.unset import UNSET, Unset
from app.taxonomy import policy, store
from app.taxonomy.categories import Category
from app.taxonomy.tree import Tree
from app.taxonomy.values import Label
from auth.principal import Principal
from tenants.errors import ValidationFailed
from tenants.transaction import Transaction

SLUG_TAKEN = "is another category's; choose another"


@dataclass(frozen=True, slots=True)
class CreateCategory:
    """Where no slug is given, one is made from the name and numbered when taken; where no position is, it is the last."""

    category_id: UUID
    name: str
    slug: str | None = None
    description: str | None = None
    parent_id: UUID | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class UpdateCategory:
    """Fields that are UNSET stay as they are."""

    category_id: UUID
    expected_version: int | None = None
    name: str | Unset = UNSET
    slug: str | Unset = UNSET
    description: str | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class MoveCategory:
    """Under another parent (None: to the top; UNSET: where it is), at a position among its siblings (None: the last)."""

    category_id: UUID
    parent_id: UUID | Unset | None = UNSET
    position: int | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteCategory:
    """Its children go to the category `into` (None: to the top). Its posts must have been moved in the same transaction."""

    category_id: UUID
    into: UUID | None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class MergeCategories:
    """Several become one, which keeps its name; their children go to it. Their posts must have been moved in the same transaction."""

    merged: tuple[UUID, ...]
    into: UUID


@handles(CreateCategory)
async def create_category(command: CreateCategory, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    wanted = command.slug if command.slug is not None else slug_from(command.name, fallback=f"category-{command.category_id.hex[-12:]}")
    label = Label.checked(command.name, wanted, command.description)
    tree = await store.tree_alone(tx)
    taken = {category.label.slug for category in tree.categories.values()}
    if label.slug in taken:
        if command.slug is not None:
            raise ValidationFailed({"slug": SLUG_TAKEN})
        label = label.revised(slug=_numbered(label.slug, taken))
    rank = tree.room(command.parent_id, command.position)
    category = Category.create(command.category_id, label, command.parent_id, rank)
    await store.save_categories(tx, tree)
    await store.insert_category(tx, category)
    return [category, *tree.touched()]


@handles(UpdateCategory)
async def update_category(command: UpdateCategory, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    tree = await store.tree_alone(tx)
    category = _expected(tree, command.category_id, command.expected_version)
    changes = {name: value for name in ("name", "slug", "description") if (value := getattr(command, name)) is not UNSET}
    label = category.label.revised(**changes)
    if any(other.label.slug == label.slug for other in tree.categories.values() if other is not category):
        raise ValidationFailed({"slug": SLUG_TAKEN})
    category.revise(label)
    await store.save_categories(tx, tree)
    return [category]


@handles(MoveCategory)
async def move_category(command: MoveCategory, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    tree = await store.tree_alone(tx)
    category = _expected(tree, command.category_id, command.expected_version)
    parent_id = category.parent_id if isinstance(command.parent_id, Unset) else command.parent_id
    tree.move(category.id, parent_id, command.position)
    return await _saved(tx, tree, category)


@handles(DeleteCategory)
async def delete_category(command: DeleteCategory, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    tree = await store.tree_alone(tx)
    category = _expected(tree, command.category_id, command.expected_version)
    tree.delete(category.id, command.into)
    return await _saved(tx, tree, category)


@handles(MergeCategories)
async def merge_categories(command: MergeCategories, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.may_manage(who)
    tree = await store.tree_alone(tx)
    tree.merge(command.merged, command.into)
    return await _saved(tx, tree, tree.category(command.into))


async def _saved(tx: Transaction, tree: Tree, first: Category) -> Sequence[Aggregate]:
    await store.save_categories(tx, tree)
    return [first, *(other for other in tree.touched() if other is not first)]


def _expected(tree: Tree, category_id: UUID, expected_version: int | None) -> Category:
    category = tree.category(category_id)
    expect_version(category, expected_version)
    return category


def _numbered(slug: str, taken: set[str]) -> str:
    base, number = cut(slug), 2
    while numbered(base, number) in taken:
        number += 1
    return numbered(base, number)
