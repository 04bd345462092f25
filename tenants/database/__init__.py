"""The only place that opens connections to Postgres and changes roles on them."""

from __future__ import annotations

from tenants.database.admin import AdminConnection, connect_as_admin
from tenants.database.connection import Connection, Row
from tenants.database.failures import DatabaseBusy, DatabaseUnavailable, TransactionLost, UniqueTaken
from tenants.database.pool import Database, Place

__all__ = [
    "AdminConnection",
    "Connection",
    "Database",
    "DatabaseBusy",
    "DatabaseUnavailable",
    "Place",
    "Row",
    "TransactionLost",
    "UniqueTaken",
    "connect_as_admin",
]
