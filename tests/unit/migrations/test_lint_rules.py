"""What the linter of revisions finds, and what it lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrations.guarded import guarded as guarded_among
from migrations.history import Execution, History, Revision
from migrations.lint.catalogue import RULES
from migrations.lint.checking import Rendered, judged
from migrations.lint.context import Past
from migrations.sql.indexes import UnreadableIndex
from tests.unit.migrations.lint_examples import BAD, Example
from tests.unit.migrations.lint_examples_kept import GOOD
from tests.unit.migrations.linting import broken

PYTHON_RULES = {"own-connection", "python-without-need", "not-rendered"}
ESCAPE_RULES = {"escape-unknown-rule", "escape-unjustified", "escape-unneeded"}


@pytest.mark.parametrize(("rule", "example"), [(rule, example) for rule, examples in BAD.items() for example in examples])
def test_what_breaks_a_rule_is_found(rule: str, example: Example, tmp_path: Path) -> None:
    assert rule in {found for found, _ in broken(example, tmp_path)}


@pytest.mark.parametrize(("rule", "example"), [(rule, example) for rule, examples in GOOD.items() for example in examples])
def test_what_keeps_to_a_rule_is_let_through(rule: str, example: Example, tmp_path: Path) -> None:
    assert rule not in {found for found, _ in broken(example, tmp_path)}


def test_every_rule_has_an_example_that_breaks_it_and_one_that_keeps_to_it() -> None:
    assert BAD.keys() == GOOD.keys() == RULES.keys() - PYTHON_RULES - ESCAPE_RULES


def test_every_rule_says_why_and_what_to_do_instead() -> None:
    assert [rule.name for rule in RULES.values() if not (rule.why.endswith(".") and rule.instead.endswith("."))] == []


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ("op.get_bind().execute(sa.text('SELECT 1'))", []),
        ("op.execute('SELECT 1')", ["python-without-need"]),
        ("engine = sa.create_engine('postgresql://')\nop.get_bind()", ["own-connection"]),
        ("import asyncpg", ["own-connection"]),
        ("from sqlalchemy.ext.asyncio import create_async_engine as make", ["own-connection"]),
    ],
)
def test_a_python_revision_needs_its_python_and_the_runners_connection(body: str, rules: list[str], tmp_path: Path) -> None:
    example = Example((), execution=Execution.PYTHON)

    assert [rule for rule, _ in broken(example, tmp_path, body)] == rules


def test_a_finding_carries_the_statement_the_reason_and_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "0002_example.py"
    path.write_text("")
    statement = "DROP TABLE __tenant__.posts"

    [finding] = judged(History.TENANT, Revision("0002", "0001", path, "Expand."), Rendered((statement,)), Past())

    rule = RULES["drop-before-contract"]
    assert finding.as_json() == {
        "history": "tenant",
        "revision": "0002",
        "file": "0002_example.py",
        "statement": statement,
        "rule": "drop-before-contract",
        "why": rule.why,
        "instead": rule.instead,
    }


@pytest.mark.parametrize(
    ("sql", "guarded"),
    [
        ("CREATE INDEX posts_title_idx ON __tenant__.posts (title)", True),
        ("CREATE INDEX IF NOT EXISTS posts_title_idx ON __tenant__.posts (title)", True),
        ('CREATE INDEX "posts_title_idx" ON __tenant__."posts" (title)', True),
        ("create index posts_title_idx on __tenant__.posts (title)", True),
        ("CREATE  INDEX posts_title_idx\n  ON __tenant__.posts(title)", True),
        ('CREATE INDEX "posts title" ON __tenant__.posts (title)', True),
        ("/* why */ CREATE INDEX posts_title_idx ON __tenant__.posts (title)", True),
        ("CREATE INDEX posts_title_idx ON ONLY __tenant__.posts (title)", False),
        ("CREATE INDEX posts_title_idx ON control.posts (title)", False),
        ("CREATE UNIQUE INDEX posts_title_idx ON __tenant__.posts (title)", False),
    ],
)
def test_an_index_that_is_let_through_is_one_that_the_runner_keeps_from_stopping_writes(sql: str, guarded: bool, tmp_path: Path) -> None:  # noqa: FBT001
    assert [index.statement for index in guarded_among([sql])] == ([sql] if guarded else [])
    assert ("index-on-existing-table" not in {rule for rule, _ in broken(Example((sql,)), tmp_path)}) is guarded


def test_an_index_without_a_name_is_found_and_never_run(tmp_path: Path) -> None:
    sql = "CREATE INDEX ON __tenant__.posts (title)"

    assert broken(Example((sql,)), tmp_path) == [("index-on-existing-table", sql)]
    with pytest.raises(UnreadableIndex):
        list(guarded_among([sql]))


WORDS = (
    "create alter drop table index unique concurrently if not exists on only add column constraint check foreign key references primary set null "
    "default type validate rename to as with select from join using update delete insert into values where trigger function view policy grant revoke "
    "owner public schema in set_config lock_timeout '0' comment is do do $$x$$ security definer valid conflict materialized execute truncate merge "
    '__tenant__ control posts id a . . . , ; ( ( ) ) = 1 "b" * reset vacuum full refresh atomic begin end case '
)


@given(st.lists(st.sampled_from(WORDS.split()), max_size=25).map(" ".join), st.sampled_from(list(Execution)), st.sampled_from(list(History)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_no_statement_is_too_odd_to_be_judged(tmp_path: Path, text: str, execution: Execution, history: History) -> None:
    found = broken(Example((text,), (text,), history, execution), tmp_path)

    assert {rule for rule, _ in found} <= RULES.keys()
