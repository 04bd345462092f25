"""`imprint deliveries`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import rich_click as click

from ops.cli.printing import print_json, print_record, print_table

if TYPE_CHECKING:
    from tenants.database import Database

COLUMNS = ("id", "tenant", "event_type", "handler", "state", "attempts", "next_attempt_at", "error")
STATES = ("waiting", "running", "done", "quarantined", "archived")

Answer = TypeVar("Answer")


@click.group("deliveries")
def command() -> None:
    """Which events still have to reach which handlers, and what went wrong."""


@command.command("list")
@click.option("--tenant", help="Of this organization alone.")
@click.option("--state", type=click.Choice(STATES), help="In this state alone.")
@click.option("--json", "as_json", is_flag=True, help="Print an array.")
def list_newest(tenant: str | None, state: str | None, *, as_json: bool) -> None:
    """The newest thousand."""
    from workers.inspection import newest

    found = _on_database(lambda database: newest(database, tenant=tenant, state=state))
    print_json(found) if as_json else print_table(found, COLUMNS)


@command.command("show")
@click.argument("delivery", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def show(delivery: UUID, *, as_json: bool) -> None:
    """One delivery."""
    from workers.inspection import one

    found = _on_database(lambda database: one(database, delivery))
    print_json(found) if as_json else print_record(found)


@command.command("retry")
@click.argument("delivery", type=click.UUID, required=False)
@click.option("--all-quarantined", is_flag=True, help="Every quarantined delivery.")
@click.option("--tenant", help="With --all-quarantined: of this organization alone.")
def retry(delivery: UUID | None, *, all_quarantined: bool, tenant: str | None) -> None:
    """Have a quarantined delivery tried again from its first attempt."""
    from workers.inspection import retry as retry_quarantined

    if (delivery is None) is not all_quarantined:
        raise click.UsageError("name one delivery, or --all-quarantined")
    count = _on_database(lambda database: retry_quarantined(database, delivery_id=delivery, tenant=tenant))
    click.echo(f"{count} to be tried again")


def _on_database(work: Callable[[Database], Awaitable[Answer]]) -> Answer:
    from ops.settings import Settings
    from tenants.database import Database

    settings = Settings.read(os.environ).tenants

    async def run() -> Any:
        async with Database(settings, connections=1) as database:
            return await work(database)

    answer: Answer = asyncio.run(run())
    return answer
