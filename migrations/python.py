"""What a process does for one tenant: Alembic online, in one transaction with the tenant's version and its line in the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.history import History, try_out
from migrations.ledger import MOVED
from migrations.rendering import configuration
from migrations.tokens import TENANT_ROLE, TENANT_SCHEMA
from migrations.version_row import VersionRowDiffers, differs
from tenants.database import AdminConnection, LockedOut, open_for_admin
from tenants.errors import Conflict, Refusal, RetryLater
from tenants.naming import checked_role, checked_schema, quoted

# What Postgres says of failures that pass (appendix A of its documentation).
CODES = {
    "55P03": "LOCKED_OUT",
    "40001": "CONFLICT",
    "40P01": "CONFLICT",
    "57P01": "UNAVAILABLE",
    "57P02": "UNAVAILABLE",
    "57P03": "UNAVAILABLE",
}
CONNECTION_GONE = "08"


def carried_out(order: Mapping[str, Any]) -> dict[str, str]:
    """`{}`, or `{code, error}` when nothing was changed."""
    try:
        for folder in order["folders"]:
            try_out(History.TENANT, Path(folder))
        return asyncio.run(_migrate(order))
    except DBAPIError as error:
        return {"code": _code(error), "error": f"Postgres said: {error.orig}"}
    except Refusal as refusal:
        return {"code": _kind(refusal), "error": str(refusal.__cause__ or refusal)}
    except Exception as error:  # noqa: BLE001 - the boundary of the process: a revision may raise anything
        return {"code": "REVISION_FAILED", "error": f"{type(error).__name__}: {error}"}


def _code(error: DBAPIError) -> str:
    state = str(getattr(error.orig, "sqlstate", "") or "")
    gone = error.connection_invalidated or state.startswith(CONNECTION_GONE)
    return CODES.get(state, "UNAVAILABLE" if gone else "REVISION_FAILED")


def _kind(refusal: Refusal) -> str:
    match refusal:
        case LockedOut():
            return "LOCKED_OUT"
        case Conflict() | RetryLater():
            return refusal.code
        case _:
            return refusal.code if refusal.code == VersionRowDiffers.code else "REVISION_FAILED"


async def _migrate(order: Mapping[str, Any]) -> dict[str, str]:
    began = time.monotonic()
    engine = create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: open_for_admin(order["url"], "imprint-revision"))
    try:
        async with engine.connect() as connection, connection.begin() as transaction:
            await connection.execute(text(f"SET LOCAL ROLE {quoted(order['owner'])}"))
            for name, value in (("lock_timeout", order["lock_ms"]), ("statement_timeout", int(order["budget"] * 1000))):
                await connection.execute(text(f"SET LOCAL {name} = {int(value)}"))
            await connection.execute(text("SET LOCAL imprint.door = 'migration'"))
            await connection.run_sync(_run_alembic, order)
            raw: Any = (await connection.get_raw_connection()).driver_connection
            moved = await AdminConnection(raw).value(MOVED, *_line(order, began))
            if moved is None:
                await transaction.rollback()
                return {"code": "MOVED_MEANWHILE", "error": f"It is no longer at {order['start']}: somebody else moved it."}
    finally:
        await engine.dispose()
    return {}


def _line(order: Mapping[str, Any], began: float) -> tuple[Any, ...]:
    """The values that MOVED takes."""
    tenant = order["tenant"]
    run, seconds = UUID(order["run"]), time.monotonic() - began
    return UUID(tenant["id"]), order["start"], order["to"], run, tenant["slug"], order["number"], seconds


def _run_alembic(connection: Connection, order: Mapping[str, Any]) -> None:
    names = {TENANT_SCHEMA: quoted(checked_schema(order["tenant"]["schema"])), TENANT_ROLE: quoted(checked_role(order["tenant"]["role"]))}

    def in_place(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> tuple[str, object]:
        """Alembic asks the catalog for its table by a bound value, so that one is replaced too."""
        for token, name in names.items():
            statement = statement.replace(token, name)
        if isinstance(parameters, tuple):
            parameters = tuple(order["tenant"]["schema"] if value == TENANT_SCHEMA else value for value in parameters)
        return statement, parameters

    event.listen(connection, "before_cursor_execute", in_place, retval=True)
    config = configuration(History.TENANT, History.TENANT.folders, connection=connection)
    script = ScriptDirectory.from_config(config)

    def steps(current: tuple[str, ...], _context: object) -> list[Any]:
        if current != ((order["start"],) if order["start"] else ()):
            raise differs(sorted(current), order["start"])
        revs = script._downgrade_revs(order["to"] or "base", current) if order["down"] else script._upgrade_revs(order["to"], current)  # type: ignore[arg-type] # noqa: SLF001 - as in rendering
        return list(revs)

    with EnvironmentContext(config, script, fn=steps, destination_rev=order["to"]):
        script.run_env()
