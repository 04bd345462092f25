"""What Postgres's refusals mean to the rest of the product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg

from tenants.errors import Conflict, Refusal, RetryLater


class DatabaseUnavailable(RetryLater):
    """The database does not answer, restarts, or cannot write; nothing was half-done."""


class DatabaseRefused(DatabaseUnavailable):
    """Postgres answers and does not let the admin in: another password, or no such database or role."""

    code = "DATABASE_REFUSED"


class DatabaseBusy(RetryLater):
    """Every connection this request may use is taken, or a statement ran out of its time."""


class LockedOut(DatabaseBusy):
    """A lock was not to be had in the time given for it."""


class UniqueTaken(Conflict):
    """A value that may stand only once stands already. `constraint` names the rule."""

    def __init__(self, constraint: str) -> None:
        super().__init__("This value is taken; choose another.")
        self.constraint = constraint


class VersionTaken(Conflict):
    """An event was appended whose version another transaction stored first."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this at the same moment; reload and try again.")


class HistoryCut(Conflict):
    """An event was appended and the one before it is missing, without which it has no hash."""

    def __init__(self) -> None:
        super().__init__("The history of this entity does not reach the version it claims; run `imprint events verify`.")


class TransactionLost(RetryLater):
    """A commit that the database answered with a rollback: an error within the transaction had been swallowed."""

    def __init__(self) -> None:
        super().__init__("This could not be saved; try again.")


class StatementOutdated(RetryLater):
    """A schema changed under a prepared statement, and the transaction ended with it: nothing was done, all of it may be done again."""


class StatementFailed(Refusal):
    """Postgres refused a statement of the admin's: what it said, for the operator."""

    code = "STATEMENT_FAILED"


class NotTheOwners(StatementFailed):
    """The admin's role may not act as the role that owns every table, or there is none."""

    code = "NOT_THE_OWNERS"


_ONE_EVENT_PER_VERSION = "domain_events_aggregate_id_aggregate_version_key"
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
_SLOW = (asyncpg.QueryCanceledError, TimeoutError)
_OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_RACE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_MEANINGS: tuple[tuple[tuple[type[Exception], ...], Callable[[str], Refusal], str], ...] = (
    ((asyncpg.LockNotAvailableError,), LockedOut, "Somebody else holds what this needs; try again in a moment."),
    (_SLOW, DatabaseBusy, "This took too long; try again in a moment."),
    (_OUTDATED, StatementOutdated, "This organization is being updated; try again in a moment."),
    (_RACE, Conflict, "Somebody else changed this at the same moment; try again."),
    (_GONE, DatabaseUnavailable, "The database cannot be reached just now; try again in a moment."),
)


class translated:  # noqa: N801 - read as a verb: with translated()
    """Raise the product's refusals instead of the driver's errors; mistakes of our own pass through untouched."""

    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, asyncpg.PostgresError):
            error.detail = None  # it quotes rows, with people's names in them, and would be logged
        refusal = _refusal(error) if error is not None else None
        if refusal is not None:
            raise refusal from error


def _refusal(error: BaseException) -> Refusal | None:
    if isinstance(error, asyncpg.UniqueViolationError):
        # It may be raised by whatever statement comes after it, whose own unique values have nothing to do with it.
        return VersionTaken() if error.constraint_name == _ONE_EVENT_PER_VERSION else UniqueTaken(error.constraint_name or "")
    if isinstance(error, asyncpg.NotNullViolationError) and (error.table_name, error.column_name) == ("domain_events", "hash"):
        return HistoryCut()
    return next((kind(said) for causes, kind, said in _MEANINGS if isinstance(error, causes)), None)


@contextmanager
def let_in() -> Iterator[None]:
    """As `translated`, where the admin comes in. Raises DatabaseRefused with what Postgres said."""
    try:
        with translated():
            yield
    except (DatabaseUnavailable, asyncpg.InvalidAuthorizationSpecificationError) as error:
        said = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
        if not isinstance(said, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InvalidCatalogNameError):
            raise
        raise DatabaseRefused(f"Postgres said: {said}. Correct the URL of the database, or let the role in.") from said


@contextmanager
def translated_for_operators() -> Iterator[None]:
    """As `translated`, and whatever else Postgres objects to becomes a StatementFailed that quotes it."""
    try:
        with translated():
            yield
    except asyncpg.PostgresError as error:
        raise StatementFailed(f"Postgres said: {error}") from error
