"""The SQL that turns one schema's functions, views and triggers into another's. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from migrations.writing.snapshot import SchemaObject, Snapshot

ORDER = ("function", "procedure", "view", "materialized view", "index", "trigger")
ROUTINES = frozenset({"function", "procedure"})
KEPT_BY_USERS = frozenset({"function", "procedure", "view", "materialized view"})


@dataclass(frozen=True, slots=True)
class ObjectSteps:
    """`before` the tables change, and `after`. `drops`: something that a release may still use goes for good."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    drops: bool


def object_steps(old: Snapshot, new: Snapshot) -> ObjectSteps:
    """What is made again goes first and comes last, and so does what reads a column that goes, or that gets another type.

    New functions that tables call come first. Other functions that go for good go last, since a table may have called them.
    """
    gone = [one for key, one in old.objects.items() if key not in new.objects]
    changed = {key for key in old.objects.keys() & new.objects.keys() if old.objects[key].definition != new.objects[key].definition}
    changing = old.changing(new)
    unlike = {key for key in changed if not new.objects[key].replaces(old.objects[key])}
    again = _made_again(old, new, unlike | {key for key, one in old.objects.items() if key in new.objects and one.reads & changing})
    last = [one for one in gone if one.kind in ROUTINES and not one.reads & changing]
    first = [one for one in old.objects.values() if one.key in again or (one in gone and one not in last)]
    going = {one.name for one in first}
    made = [one for key, one in new.objects.items() if key in changed or key in again or key not in old.objects]
    ahead = [one for one in made if one.in_tables and one.kind in ROUTINES and one.key not in old.objects]
    return ObjectSteps(
        before=(
            *(one.drop for one in reversed(_each_on_the_ones_before(first)) if one.on not in going),
            *(one.definition for one in _each_on_the_ones_before(ahead)),
        ),
        after=(
            *(one.definition for one in _each_on_the_ones_before(one for one in made if one not in ahead)),
            *(one.drop for one in reversed(_each_on_the_ones_before(last))),
        ),
        drops=any(one.kind in KEPT_BY_USERS for one in gone),
    )


def _made_again(old: Snapshot, new: Snapshot, unlike: Collection[str]) -> set[str]:
    """Those that OR REPLACE would not do for, and all that stands on them."""
    again = set(unlike)
    while more := {key for key, one in old.objects.items() if key in new.objects and key not in again and again.intersection(one.stands_on)}:
        again |= more
    return again


def _each_on_the_ones_before(objects: Iterable[SchemaObject]) -> list[SchemaObject]:
    by_key = {one.key: one for one in sorted(objects, key=lambda one: ORDER.index(one.kind))}
    return [by_key[key] for key in TopologicalSorter({key: [k for k in one.stands_on if k in by_key] for key, one in by_key.items()}).static_order()]
