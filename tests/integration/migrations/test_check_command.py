"""`imprint migrate check`, with revisions on trial beside this release's own; no server is there."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from migrations.history import History, head
from migrations.lint.catalogue import RULES
from tests.commands import Ended, run_and_wait


def write(folder: Path, *operations: str, says: str = "Expand.", comment: str = "", execution: str = "") -> None:
    body = "\n".join(f"    {operation}" for operation in operations)
    stated = f'execution: str = "{execution}"\n' if execution else ""
    folder.joinpath("9001_trial.py").write_text(
        f'"""A trial.\n\n{says}\n"""\n{comment}\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        f'revision: str = "9001"\ndown_revision: str | None = "{head(History.TENANT)}"\n{stated}\n\ndef upgrade() -> None:\n{body}\n'
    )


def run(folder: Path, *options: str) -> Ended:
    environment = {"PATH": os.environ["PATH"], "IMPRINT_REVISIONS": str(folder)}
    return run_and_wait(["migrate", "check", *options], environment)


def found(folder: Path) -> list[tuple[str, str, str]]:
    done = run(folder, "--json")
    findings = json.loads(done.out)
    assert done.code == (1 if findings else 0)
    return [(finding["history"], finding["file"], finding["rule"]) for finding in findings]


def test_this_releases_own_revisions_keep_to_the_rules(tmp_path: Path) -> None:
    done = run(tmp_path)

    assert (done.code, done.out, done.err) == (0, "", "imprint: every revision keeps to the rules\n")


def test_what_alembic_writes_about_itself_is_not_the_revisions_fault(tmp_path: Path) -> None:
    write(tmp_path, 'op.add_column("posts", sa.Column("note", sa.Text()), schema="__tenant__")')

    assert found(tmp_path) == []


def test_an_unsafe_revision_on_trial_is_found_by_both_linters(tmp_path: Path) -> None:
    write(
        tmp_path,
        'op.add_column("posts", sa.Column("note", sa.CHAR(3), nullable=False), schema="__tenant__")',
        'op.execute("ALTER TABLE __tenant__.posts RENAME title TO headline")',
    )

    assert found(tmp_path) == [
        ("tenant", "9001_trial.py", "not-null-without-validated-check"),
        ("tenant", "9001_trial.py", "rename"),
        ("tenant", "9001_trial.py", "squawk:ban-char-field"),
    ]


def test_a_person_is_told_the_statement_the_reason_and_what_to_do(tmp_path: Path) -> None:
    write(tmp_path, 'op.drop_table("links", schema="__tenant__")')

    done = run(tmp_path)

    rule = RULES["drop-before-contract"]
    assert done.code == 1
    assert done.out == (
        f"tenant/9001_trial.py: drop-before-contract\n    | DROP TABLE __tenant__.links\n    why      {rule.why}\n    instead  {rule.instead}\n\n"
    )
    assert done.err == "imprint: 1 finding\n"


def test_a_justified_exception_excuses_squawks_rule_and_an_idle_one_is_found(tmp_path: Path) -> None:
    reason = "no release has ever relied on it"
    allowed = f"# check: allow squawk:ban-drop-constraint because {reason}"
    write(tmp_path, 'op.drop_constraint("posts_status_check", "posts", schema="__tenant__")', comment=allowed)
    assert found(tmp_path) == []

    write(tmp_path, 'op.execute("SELECT 1")', comment=allowed)
    assert found(tmp_path) == [("tenant", "9001_trial.py", "escape-unneeded")]


def test_squawk_is_told_whether_statements_run_in_a_transaction(tmp_path: Path) -> None:
    write(tmp_path, 'op.execute("BEGIN")')
    assert ("tenant", "9001_trial.py", "squawk:transaction-nesting") in found(tmp_path)

    concurrently = "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON __tenant__.posts (title)"
    write(tmp_path, f'op.execute("{concurrently}")', execution="outside_transaction")
    assert found(tmp_path) == []


def test_sql_that_is_none_is_found(tmp_path: Path) -> None:
    write(tmp_path, 'op.execute("ALTER TABLE __tenant__.posts AD COLUMN note text")')

    assert set(found(tmp_path)) == {("tenant", "9001_trial.py", "squawk:syntax-error")}


def test_a_revision_must_become_sql_without_a_database_since_new_tenants_are_made_from_it(tmp_path: Path) -> None:
    reads = 'op.get_bind().execute(sa.text("SELECT 1")).scalar_one()'
    write(tmp_path, reads, execution="python")
    assert found(tmp_path) == [("tenant", "9001_trial.py", "not-rendered")]

    write(tmp_path, "if not op.get_context().as_sql:", f"    {reads}", execution="python")
    assert found(tmp_path) == []


def test_the_statements_of_a_python_revision_are_held_to_the_rules_too(tmp_path: Path) -> None:
    index = 'op.create_index("posts_x_idx", "posts", ["title"], schema="__tenant__")'
    write(tmp_path, index, "if not op.get_context().as_sql:", '    op.get_bind().execute(sa.text("SELECT 1"))', execution="python")

    assert found(tmp_path) == [("tenant", "9001_trial.py", "index-on-existing-table")]


def test_the_rules_can_be_read(tmp_path: Path) -> None:
    assert [rule["name"] for rule in json.loads(run(tmp_path, "--rules", "--json").out)] == list(RULES)
    assert "prefer-robust-stmts: a replayed revision is one transaction" in run(tmp_path, "--rules").out


def test_without_squawk_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from ops.cli import main

    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")

    assert main(["migrate", "check"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "imprint: squawk, one of the linters of revisions, is not installed: run `make check` in a clone, or pip install squawk-cli\n"
