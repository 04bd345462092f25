"""The only place that opens connections to Postgres and changes roles on them."""

from __future__ import annotations

from tenants.database.admin import AdminConnection, connect_as_admin, open_for_admin
from tenants.database.connection import Connection, Row
from tenants.database.failures import DatabaseBusy, DatabaseUnavailable, LockedOut, StatementOutdated, TransactionLost, UniqueTaken, VersionTaken
from tenants.database.pool import Database, Place
from tenants.database.repetition import repeatable

__all__ = [
    "AdminConnection",
    "Connection",
    "Database",
    "DatabaseBusy",
    "DatabaseUnavailable",
    "LockedOut",
    "Place",
    "Row",
    "StatementOutdated",
    "TransactionLost",
    "UniqueTaken",
    "VersionTaken",
    "connect_as_admin",
    "open_for_admin",
    "repeatable",
]
