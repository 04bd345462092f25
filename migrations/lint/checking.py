"""Holding every revision of both histories to the rules, on the SQL that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from migrations.history import Execution, History, Revision, revisions
from migrations.lint import catalogue as rules
from migrations.lint import columns, names, objects, reach, rows, running, squawk
from migrations.lint.catalogue import Rule
from migrations.lint.context import Context, Past
from migrations.lint.escapes import escapes
from migrations.sql.statements import Statement, statements

Check = Callable[[Statement, Context], Iterator[Rule]]
CHECKS: tuple[Check, ...] = (
    columns.check,
    columns.check_primary_key,
    objects.check_index,
    objects.check_rename,
    objects.check_drop,
    objects.check_lock,
    objects.check_type,
    objects.check_search_path,
    names.check,
    names.check_foreign_keys,
    names.check_roles,
    running.check_timeouts,
    running.check_repeatable,
    running.check_hidden,
    rows.check_rows,
    reach.check_transactions,
    reach.check_server,
    reach.check_guards,
    reach.check_rights,
    reach.check_need_of_building,
    reach.check_outside,
)
ALEMBICS_OWN = "alembic_version"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a revision; `statement` is empty where it is the file itself, and what was raised where it has no SQL."""

    history: str
    revision: str
    file: str
    statement: str
    rule: str
    why: str
    instead: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def check(squawk_program: Path | None = None) -> list[Finding]:
    """Every finding of every revision, the ones on trial included; squawk's where its program is named."""
    found: list[Finding] = []
    for history in History:
        past = Past()
        for revision in revisions(history):
            found += judged(history, revision, rendered(history, revision), past, squawk_program)
    return found


@dataclass(frozen=True, slots=True)
class Rendered:
    """The SQL of one revision's way up, without what Alembic writes about itself; `error` where it raised instead."""

    statements: tuple[str, ...] = ()
    error: str = ""


def rendered(history: History, revision: Revision) -> Rendered:
    from migrations.rendering import upgrade_statements  # noqa: PLC0415 - the rules work without Alembic

    try:
        statements = upgrade_statements(history, revision.down, revision.id)
    except Exception as error:  # noqa: BLE001 - a revision's file may raise anything, which is what is to be found here
        return Rendered(error=f"{type(error).__name__}: {error}")
    begin, end = revision.down is None and _is_alembics(statements[0]), len(statements) - _is_alembics(statements[-1])
    return Rendered(statements[begin:end])


def _is_alembics(sql: str) -> bool:
    return any(
        s.name is not None and s.name.name == ALEMBICS_OWN and (s.verb, s.kind) in {("create", "table"), ("insert", ""), ("update", "")}
        for s in statements(sql)
    )


def judged(history: History, revision: Revision, sql: Rendered, past: Past, squawk_program: Path | None = None) -> list[Finding]:
    """The findings of one revision that its comments do not excuse, and those about its comments. Teaches `past`."""

    def finding(rule: Rule, statement: str = "") -> Finding:
        return Finding(history, revision.id, revision.path.name, statement, rule.name, rule.why, rule.instead)

    found = [finding(rule) for rule in running.check_revision(revision)]
    found += [finding(rules.NOT_RENDERED, sql.error)] if sql.error else []
    found += [finding(rule, text) for text, rule in _by_our_rules(history, revision, sql.statements, past)]
    if squawk_program:
        in_transaction = revision.execution is not Execution.OUTSIDE_TRANSACTION
        for remark in squawk.remarks(squawk_program, sql.statements, in_transaction=in_transaction):
            instead = remark.help or f"See https://squawkhq.com/docs/{remark.rule.removeprefix(squawk.PREFIX)}"
            found.append(finding(Rule(remark.rule, remark.message, instead), sql.statements[remark.statement]))
    stated = escapes(revision.path.read_text())
    broken = {one.rule for one in found}
    allowed = {escape.rule for escape in stated}
    about_escapes = [finding(rule, f"# {e.text}") for e in stated for rule in e.wrong(broken, squawk_ran=squawk_program is not None)]
    return [one for one in found if one.rule not in allowed] + about_escapes


def _by_our_rules(history: History, revision: Revision, texts: tuple[str, ...], past: Past) -> Iterator[tuple[str, Rule]]:
    read = [(text, statements(text)) for text in texts]
    context = Context(history, revision, tuple(statement for _, parts in read for statement in parts), past)
    past.transactions += not context.replayed
    for text, parts in read:
        if len(parts) > 1:
            yield text, rules.SEVERAL_STATEMENTS
        for statement in parts:
            for a_check in CHECKS:
                for rule in a_check(statement, context):
                    yield statement.text, rule
            context.learn(statement)
    past.transactions += not context.replayed
