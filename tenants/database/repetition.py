"""Doing a unit of work a second time where a schema changed under its prepared statements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from tenants.database.failures import DatabaseUnavailable, StatementOutdated
from tenants.database.measures import REPEATED

Given = ParamSpec("Given")
Result = TypeVar("Result")


def repeatable(unit: Callable[Given, Awaitable[Result]]) -> Callable[Given, Awaitable[Result]]:
    """For a function that opens a transaction, does nothing else that lasts, and may therefore be called again as a whole.

    Postgres refuses a prepared statement whose columns are no longer those it was prepared with, and within a transaction
    that ends the transaction. Its statements are forgotten by then, so the second attempt prepares them anew.
    """

    @wraps(unit)
    async def twice(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            return await unit(*args, **kwargs)
        except StatementOutdated:
            REPEATED.inc()
        try:
            return await unit(*args, **kwargs)
        except StatementOutdated as again:
            raise DatabaseUnavailable("This organization is being updated; try again in a moment.") from again

    return twice
