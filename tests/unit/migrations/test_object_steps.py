"""What turns one schema's objects and constraints into another's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrations.writing.constraints import NotExpressible, constraint_steps, default_steps, identifier
from migrations.writing.objects import object_steps
from migrations.writing.snapshot import Constraint, SchemaObject, Snapshot


def function(name: str, definition: str = "1", result: str = "int", on: tuple[str, ...] = ()) -> SchemaObject:
    return SchemaObject("function", f"s.{name}()", "", f"FUNCTION {name} {definition}", ("", result), on)


def view(name: str, *columns: str, on: tuple[str, ...] = ()) -> SchemaObject:
    return SchemaObject("view", f"s.{name}", "", f"VIEW {name} {columns}", columns, on)


def of(*objects: SchemaObject) -> Snapshot:
    return Snapshot(frozenset(), {one.key: one for one in objects}, {}, {}, {})


def with_columns(snapshot: Snapshot, **types: str) -> Snapshot:
    """The same, beside a table `t` of these columns."""
    return replace(snapshot, tables=frozenset({"t"}), columns={("t", name): type_ for name, type_ in types.items()})


def steps(old: Snapshot, new: Snapshot) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = object_steps(old, new)
    return found.before, found.after


def test_what_is_the_same_needs_no_step() -> None:
    both = of(function("f"), view("v", "a int", on=("function s.f()",)))

    assert steps(both, both) == ((), ())


def test_a_function_keeps_its_place_when_only_its_body_changes_and_not_when_its_result_does() -> None:
    stands = view("v", "a int", on=("function s.f()",))

    assert steps(of(function("f"), stands), of(function("f", "2"), stands)) == ((), ("FUNCTION f 2",))
    assert steps(of(function("f"), stands), of(function("f", "2", "text"), stands)) == (
        ("DROP VIEW s.v", "DROP FUNCTION s.f()"),
        ("FUNCTION f 2", "VIEW v ('a int',)"),
    )


def test_a_view_may_get_columns_at_its_end_in_place_and_lose_none() -> None:
    narrow, wide = view("v", "a int"), view("v", "a int", "b int")

    assert steps(of(narrow), of(wide)) == ((), ("VIEW v ('a int', 'b int')",))
    assert steps(of(wide), of(narrow)) == (("DROP VIEW s.v",), ("VIEW v ('a int',)",))


def test_objects_go_from_the_top_and_functions_after_the_tables_that_may_use_them() -> None:
    gone = of(function("f"), view("v", on=("function s.f()",)), view("w", on=("view s.v",)))

    assert steps(gone, of()) == (("DROP VIEW s.w", "DROP VIEW s.v"), ("DROP FUNCTION s.f()",))
    assert object_steps(gone, of()).drops
    assert not object_steps(of(), gone).drops


def test_what_reads_a_column_that_goes_or_changes_is_made_again_around_it_though_it_could_be_replaced() -> None:
    reading = replace(view("v", "a int"), definition="VIEW v WHERE b", reads=frozenset({("t", "a"), ("t", "b")}))
    plain = replace(view("v", "a int"), reads=frozenset({("t", "a")}))
    stands = view("w", "a int", on=("view s.v",))

    made_again = ("DROP VIEW s.w", "DROP VIEW s.v")
    assert steps(with_columns(of(reading, stands), a="text", b="text"), with_columns(of(plain, stands), a="text")) == (
        made_again,
        (plain.definition, stands.definition),
    )
    assert steps(with_columns(of(plain, stands), a="text"), with_columns(of(plain, stands), a="uuid")) == (
        made_again,
        (plain.definition, stands.definition),
    )


def test_a_function_of_a_tables_rows_goes_before_the_table_and_one_that_tables_call_comes_before_them() -> None:
    of_rows = replace(function("f"), reads=frozenset({("t", "")}))
    called = replace(function("g"), in_tables=True)

    assert steps(with_columns(of(of_rows), a="text"), of()) == (("DROP FUNCTION s.f()",), ())
    assert steps(of(), with_columns(of(called), a="text")) == (("FUNCTION g 1",), ())
    assert steps(with_columns(of(called), a="text"), of()) == ((), ("DROP FUNCTION s.g()",))


def table(constraints: dict[str, Constraint], columns: tuple[str, ...] = ("a", "b"), defaults: dict[str, str] | None = None) -> Snapshot:
    return Snapshot(
        frozenset({"t"}),
        {},
        {("t", name): constraint for name, constraint in constraints.items()},
        {("t", column): "text" for column in columns},
        {("t", column): default for column, default in (defaults or {}).items()},
    )


def check(condition: str, *columns: str, validated: bool = True) -> Constraint:
    return Constraint(f"CHECK ({condition})", columns, validated)


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        (table({}), table({"c": check("a > 0", "a")}), (), ("ALTER TABLE s.t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",)),
        (
            table({"c": check("a > 0", "a")}),
            table({"c": check("a > 1", "a")}),
            ("ALTER TABLE s.t DROP CONSTRAINT c",),
            ("ALTER TABLE s.t ADD CONSTRAINT c CHECK (a > 1) NOT VALID",),
        ),
        (
            table({"c": check("a > 0", "a", validated=False)}),
            table({"c": check("a > 0", "a")}),
            (),
            ("ALTER TABLE s.t VALIDATE CONSTRAINT c",),
        ),
        (table({"c": check("a > 0", "a")}), table({}, ("b",)), (), ()),
        (table({"c": check("a > 0", "a")}), table({}), ("ALTER TABLE s.t DROP CONSTRAINT c",), ()),
    ],
)
def test_constraints_are_added_without_a_look_at_old_rows_and_dropped_unless_their_column_goes(
    old: Snapshot, new: Snapshot, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    found = constraint_steps(old, new, "s")

    assert (found.before, found.after) == (before, after)


ALWAYS = "GENERATED ALWAYS AS IDENTITY"


@pytest.mark.parametrize(
    ("was", "is_now", "expected"),
    [
        (None, "1", ["SET DEFAULT 1"]),
        ("1", "2", ["SET DEFAULT 2"]),
        ("1", None, ["DROP DEFAULT"]),
        ("1", ALWAYS, ["DROP DEFAULT", f"ADD {ALWAYS}"]),
        (ALWAYS, "1", ["DROP IDENTITY", "SET DEFAULT 1"]),
        (ALWAYS, ALWAYS, []),
    ],
)
def test_defaults_and_identities_are_changed_in_place(was: str | None, is_now: str | None, expected: list[str]) -> None:
    old, new = (table({}, ("a",), {"a": default} if default else {}) for default in (was, is_now))

    assert [step.removeprefix("ALTER TABLE s.t ALTER COLUMN a ") for step in default_steps(old, new, "s")] == expected


def test_a_generated_column_cannot_be_changed_in_place() -> None:
    with pytest.raises(NotExpressible, match="declare a new column"):
        list(default_steps(table({}, ("a",)), table({}, ("a",), {"a": "GENERATED ALWAYS AS (1) STORED"}), "s"))


@pytest.mark.parametrize(
    ("name", "written"), [("plain_1", "plain_1"), ("Mixed", '"Mixed"'), ("order", '"order"'), ("1st", '"1st"'), ("a b", '"a b"'), ('a"b', '"a""b"')]
)
def test_names_are_quoted_only_where_they_must_be(name: str, written: str) -> None:
    assert identifier(name) == written
