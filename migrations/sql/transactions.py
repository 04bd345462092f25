"""Statements and transactions: what would end the one that they run in, and what can run in none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from migrations.sql.statements import Statement, statements
from migrations.sql.tokens import Kind, tokens, word_set
from tenants.errors import Refusal

_ALWAYS = word_set("begin commit rollback abort end start savepoint release")
_NEEDLESS_WHERE_NOTHING_IS = word_set("vacuum analyze reindex")
_KNOWING_CONCURRENTLY = {("create", "index"), ("drop", "index"), ("refresh", "materialized view"), ("alter", "table")}


class OwnTransaction(Refusal):
    """A revision begins or ends transactions, which are the runner's."""

    code = "OWN_TRANSACTION"


def controls_transaction(statement: Statement) -> bool:
    """BEGIN, COMMIT, SAVEPOINT and all their kin, which Alembic's autocommit_block writes too."""
    if statement.verb in {"prepare", "set"}:
        return statement.words[1:2] == ("transaction",) or statement.words[1:3] == ("session", "characteristics")
    return statement.verb in _ALWAYS


def require_none_of_its_own(texts: Iterable[str]) -> None:
    """Raises OwnTransaction for the first of these texts that controls transactions."""
    for text in texts:
        if any(controls_transaction(statement) for statement in statements(text)):
            raise OwnTransaction(
                f"A revision says {' '.join(text.split())[:60]}, but transactions are the runner's: what follows would be kept or lost by itself. "
                'Leave it out (and autocommit_block too); execution "outside_transaction" runs each statement of a revision by itself.'
            )


@cache
def in_one_transaction(texts: tuple[str, ...]) -> tuple[str, ...]:
    """What makes the same of an empty schema, in one transaction, which knows no CONCURRENTLY. Raises OwnTransaction."""
    require_none_of_its_own(texts)
    return tuple(kept for text in texts if (kept := _in_a_transaction(text)))


def _in_a_transaction(text: str) -> str:
    """Empty for what an empty schema does not need."""
    found = statements(text)
    if all(statement.verb in _NEEDLESS_WHERE_NOTHING_IS for statement in found):
        return ""
    if not any((statement.verb, statement.kind) in _KNOWING_CONCURRENTLY and statement.has("concurrently") for statement in found):
        return text
    return "".join(_without_concurrently(text))


def _without_concurrently(text: str) -> Iterator[str]:
    left_out = False
    for token in tokens(text):
        space_after = left_out and token.kind is Kind.SPACE
        left_out = token.word == "concurrently"
        if not left_out and not space_after:
            yield token.text
