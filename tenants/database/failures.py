"""What Postgres's refusals mean to the rest of the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from tenants.errors import Conflict, Refusal, RetryLater


class DatabaseUnavailable(RetryLater):
    """The database does not answer, restarts, or cannot write; nothing was half-done."""


class DatabaseBusy(RetryLater):
    """Every connection this request may use is taken, or a statement ran out of its time."""


class UniqueTaken(Conflict):
    """A value that may stand only once stands already. `constraint` names the rule."""

    def __init__(self, constraint: str) -> None:
        super().__init__("This value is taken; choose another.")
        self.constraint = constraint


class TransactionLost(RetryLater):
    """A commit that the database answered with a rollback: an error within the transaction had been swallowed."""

    def __init__(self) -> None:
        super().__init__("This could not be saved; try again.")


class StatementFailed(Refusal):
    """Postgres refused a statement of the admin's: what it said, for the operator."""

    code = "STATEMENT_FAILED"


_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server ended the session, and the driver has read only half of its goodbye
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
)
_SLOW = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, TimeoutError)
_RACE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


@contextmanager
def translated() -> Iterator[None]:
    """Raise the product's refusals instead of the driver's errors; mistakes of our own pass through untouched."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise UniqueTaken(error.constraint_name or "") from error
    except _SLOW as error:
        raise DatabaseBusy("This took too long; try again in a moment.") from error
    except _RACE as error:
        raise Conflict("Somebody else changed this at the same moment; try again.") from error
    except _GONE as error:
        raise DatabaseUnavailable("The database cannot be reached just now; try again in a moment.") from error


@contextmanager
def translated_for_operators() -> Iterator[None]:
    """As `translated`, and whatever else Postgres objects to becomes a StatementFailed that quotes it."""
    try:
        with translated():
            yield
    except asyncpg.PostgresError as error:
        raise StatementFailed(f"Postgres said: {error}") from error
