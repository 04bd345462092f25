"""What `imprint migrate new` writes, as text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects.postgresql.base import PGDialect

from migrations.history import Execution
from migrations.writing import template
from migrations.writing.template import Body, Constants

DIALECT = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call] # SQLAlchemy's dialects are not annotated
SQL = st.text(alphabet=st.sampled_from(list(":\\a1$ '\"=_%{}\n")) | st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


def value(literal: str) -> str:
    found = ast.literal_eval(f"({literal})")
    assert isinstance(found, str)
    return found


@given(SQL)
def test_sql_reaches_postgres_as_it_was_whatever_it_holds(sql: str) -> None:
    assert str(text(template.escaped(sql)).compile(dialect=DIALECT)) == sql


@given(SQL.map(lambda sql: sql.replace("\n", " ")))
def test_a_long_line_is_parted_without_loss(sql: str) -> None:
    constants = Constants()
    line = constants.executed(sql)

    assert constants.texts == {}
    assert value(line.removeprefix("op.execute(").removesuffix(")")) == template.escaped(sql)


@given(st.tuples(SQL, SQL).map("\n".join))
def test_a_text_of_several_lines_is_a_constant_that_holds_it_exactly(sql: str) -> None:
    constants = Constants()
    name = constants.executed(sql).removeprefix("op.execute(").removesuffix(")")

    source = template.text(
        "Do it", "Expand.", "0002", "0001", Execution.REPLAYED, Body((f"op.execute({name})",), (template.NOTHING,), constants.texts)
    )

    assigned = {
        node.targets[0].id: node.value for node in ast.parse(source).body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert ast.literal_eval(assigned[name]) == f"{template.escaped(sql)}\n"


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("CREATE OR REPLACE FUNCTION __tenant__.written_by(author uuid)\n RETURNS bigint", "WRITTEN_BY"),
        ("CREATE OR REPLACE VIEW __tenant__.authors AS\nSELECT 1", "AUTHORS"),
        ('CREATE MATERIALIZED VIEW __tenant__."Odd name" AS\nSELECT 1', "NAME"),
    ],
)
def test_a_constant_is_called_what_its_object_is(sql: str, name: str) -> None:
    assert Constants().executed(sql) == f"op.execute({name})"


def test_the_earlier_definition_of_the_same_object_says_so() -> None:
    constants = Constants()
    new, old = "CREATE OR REPLACE VIEW __tenant__.v AS\nSELECT 2", "CREATE OR REPLACE VIEW __tenant__.v AS\nSELECT 1"

    assert [constants.executed(sql) for sql in (new, old, new)] == ["op.execute(V)", "op.execute(V_BEFORE)", "op.execute(V)"]


@pytest.mark.parametrize(
    ("message", "slug"), [("Say a post's language", "say_a_post_s_language"), ("  ÄÖ Events, by time! ", "events_by_time"), ("x" * 60, "x" * 40)]
)
def test_a_files_name_is_made_from_the_message(message: str, slug: str) -> None:
    assert template.slug(message) == slug


@pytest.mark.parametrize(("execution", "stated"), [(Execution.REPLAYED, False), (Execution.PYTHON, True), (Execution.OUTSIDE_TRANSACTION, True)])
def test_a_file_states_how_it_is_run_where_it_is_not_replayed(execution: Execution, stated: bool) -> None:  # noqa: FBT001 - a parameter
    source = template.text("Do it.", "Contract.", "0002", None, execution, Body((template.NOTHING,), (template.NOTHING,), {}))

    assert source.startswith('"""Do it.\n\nContract.\n"""\n\nfrom __future__ import annotations\n\nfrom alembic import op\n\n')
    assert "down_revision: str | None = None" in source.splitlines()
    assert (f'execution: str = "{execution}"' in source.splitlines()) is stated
