"""`imprint migrate`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import rich_click as click

from ops.cli.boundary import FAILED, say
from ops.cli.printing import print_json


@click.group("migrate")
def command() -> None:
    """Bring schemas to this release's revision, and say where they stand."""


@command.command("up")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def up(*, as_json: bool) -> int:
    """Make the installation where there is none, then migrate control and every tenant."""
    from migrations import runner
    from ops.settings import admin_settings

    run = asyncio.run(runner.up(admin_settings(os.environ), say))
    if as_json:
        print_json(run.as_json())
    else:
        click.echo(f"{len(run.done)} migrated, {run.skipped} already there, {len(run.failed)} failed, {run.seconds:.1f} s")
        for slug, error in sorted(run.failed.items()):
            say(f"{slug}: {error}")
    return FAILED if run.failed else 0


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def status(*, as_json: bool) -> None:
    """Where the control schema and the tenants stand."""
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
