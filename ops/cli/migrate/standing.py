"""`imprint migrate status|history`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import rich_click as click

from ops.cli.printing import print_json


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def status(*, as_json: bool) -> None:
    """Where the control schema and the tenants stand, who failed, what is still to be built."""
    from migrations.status import status as read
    from ops.settings import admin_settings

    found: dict[str, Any] = asyncio.run(read(admin_settings(os.environ)))
    if as_json:
        print_json(found)
        return
    control, tenant = found["control"], found["tenant"]
    click.echo(f"control  {control['revision'] or 'none'} of {control['head']}")
    for revision, count in sorted(tenant["counts"].items()):
        click.echo(f"tenants  {revision} of {tenant['head']}: {count}")
    for slug in found["behind"]:
        click.echo(f"behind   {slug}")
    for failed in found["failed"]:
        click.echo(f"failed   {failed['slug']}: {failed['error']}")
    for index in found["pending_indexes"]:
        click.echo(f"unbuilt  {index['slug']}: {index['name']}{': ' + index['error'] if index['error'] else ''}")
    if found["last_run"]:
        last = found["last_run"]
        click.echo(
            f"last run {last['command']} to {last['to_revision']} by {last['holder']} at {last['started_at']:%Y-%m-%d %H:%M:%S}: {last['state']}"
        )


@click.command("history")
@click.option("--runs", default=10, show_default=True, type=click.IntRange(0, 10_000), help="How many runs to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def history(*, runs: int, as_json: bool) -> None:
    """The revisions of this release, and the newest runs with what they did."""
    found = asyncio.run(_history(runs))
    if as_json:
        print_json(found)
        return
    for name in ("control", "tenant"):
        for revision in found[name]:
            click.echo(f"{name.ljust(7)}  {revision['revision']}  {revision['says']}{_how(revision)}")
    for run in found["runs"]:
        said = f"{run['done']} done, {len(run['failed'])} failed"
        click.echo(f"run      {run['started_at']:%Y-%m-%d %H:%M:%S}  {run['command']} to {run['to']}: {run['state']}, {said}, by {run['holder']}")
        if run["reason"]:
            click.echo(f"         {run['reason']}")


async def _history(runs: int) -> dict[str, Any]:
    from migrations.control_schema import control_revision
    from migrations.history import History, head, revisions
    from migrations.ledger import newest_runs
    from ops.settings import admin_settings
    from tenants.database import connect_as_admin

    settings = admin_settings(os.environ)
    async with connect_as_admin(settings.admin_database_url) as admin:
        made = await control_revision(admin, settings.owner_role) == head(History.CONTROL)
        newest = await newest_runs(admin, settings.owner_role, runs) if made else []
    lists = {
        history.value: [
            {"revision": r.id, "says": r.says.partition("\n")[0], "execution": r.execution.value, "reversible": r.reversible}
            for r in revisions(history)
        ]
        for history in History
    }
    return {**lists, "runs": newest}


def _how(revision: dict[str, Any]) -> str:
    notes = [] if revision["execution"] == "replayed" else [revision["execution"].replace("_", " ")]
    notes += [] if revision["reversible"] else ["no way down"]
    return f" ({', '.join(notes)})" if notes else ""


COMMANDS = (status, history)
