"""What a statement is judged by: the revision it stands in, and what the statements before it made."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from migrations.guarded import GuardedIndex, guarded, needs
from migrations.history import Execution, History, Revision
from migrations.sql.indexes import UnreadableIndex, makes_index
from migrations.sql.statements import Name, Statement, bracketed, has, split
from migrations.sql.tokens import Token
from migrations.tokens import TENANT_SCHEMA

Place = tuple[str, str]


@dataclass(slots=True)
class Past:
    """What earlier statements of the history said, as far as later ones are judged by it.

    `not_null_checks` maps a constraint to the (table, column) that it keeps from being NULL, `proven` holds those that were
    validated. `transactions` counts those that a tenant far behind would need: replayed revisions that follow each other are one;
    `added_in` is the one in which a constraint was added, `altered_in` the last in which a table was altered.
    """

    not_null_checks: dict[Place, Place] = field(default_factory=dict)
    proven: set[Place] = field(default_factory=set)
    added_in: dict[Place, int] = field(default_factory=dict)
    altered_in: dict[Name, int] = field(default_factory=dict)
    transactions: int = 0

    def learn(self, statement: Statement) -> None:
        if (statement.verb, statement.kind) != ("alter", "table") or statement.name is None:
            return
        table = str(statement.name)
        self.altered_in[statement.name] = self.transactions
        for action in split(statement.tokens[statement.rest :]):
            words = [token.word for token in action]
            if words[:2] == ["add", "constraint"] and len(action) > len(words[:2]):
                self._learn_constraint(table, action)
            elif words[:2] == ["validate", "constraint"] and (checked := self.not_null_checks.get((table, action[-1].name))):
                self.proven.add(checked)

    def _learn_constraint(self, table: str, action: tuple[Token, ...]) -> None:
        name, condition = action[2].name, bracketed(action)
        self.added_in[table, name] = self.transactions
        if [token.word for token in condition[1:]] == ["is", "not", "null"]:
            column = (table, condition[0].name)
            self.not_null_checks[table, name] = column
            if not has(action, "not", "valid"):
                self.proven.add(column)


@dataclass(slots=True)
class Context:
    """`tables` (and materialized views) are those that the revision itself has created so far: nobody uses them yet.

    `indexes` are those of its indexes so far that may be built only after it, beside the tenants' work.
    """

    history: History
    revision: Revision
    statements: tuple[Statement, ...]
    past: Past
    tables: set[Name] = field(default_factory=set)
    indexes: list[GuardedIndex] = field(default_factory=list)

    @property
    def schema(self) -> str:
        return "control" if self.history is History.CONTROL else TENANT_SCHEMA

    @property
    def outside_transaction(self) -> bool:
        return self.revision.execution is Execution.OUTSIDE_TRANSACTION

    @property
    def replayed(self) -> bool:
        return self.revision.execution is Execution.REPLAYED

    @property
    def contracts(self) -> bool:
        return "Contract." in self.revision.says.splitlines()

    def is_new(self, table: Name | None) -> bool:
        return table in self.tables

    def is_altered(self, table: Name | None) -> bool:
        """Whether the transaction holds the lock of an ALTER TABLE, of this revision or of one just before it, or is about to take it."""
        here = any((other.verb, other.kind, other.name) == ("alter", "table", table) for other in self.statements)
        return here or (table is not None and self.past.altered_in.get(table) == self.past.transactions)

    def needs_unbuilt(self, statement: Statement) -> bool:
        return any(needs(statement, index) for index in self.indexes)

    def learn(self, statement: Statement) -> None:
        if self.replayed and makes_index(statement) and not self.is_new(statement.table):
            self._learn_index(statement)
        if statement.verb == "create" and statement.kind in {"table", "materialized view"} and statement.name:
            self.tables.add(statement.name)
        self.past.learn(statement)

    def _learn_index(self, statement: Statement) -> None:
        with suppress(UnreadableIndex):  # which index-on-existing-table finds
            self.indexes.extend(guarded([statement.text]))
