"""`imprint doctor`."""

from __future__ import annotations

import asyncio
import os

import rich_click as click

from ops.cli.boundary import DONE, FAILED, USAGE
from ops.cli.printing import print_json


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print an array.")
def command(*, as_json: bool) -> int:
    """Check configuration, Postgres, Redis, roles, schemas, keys and clock, and say how to mend what is wrong."""
    from ops.doctor import examine

    checks = asyncio.run(examine(os.environ))
    if as_json:
        print_json([check.as_json() for check in checks])
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.check:<13}  {check.found}" + (f"\n      mend: {check.mend}" if check.mend else ""))
    if any(not check.ok and check.check == "configuration" for check in checks):
        return USAGE
    return DONE if all(check.ok for check in checks) else FAILED
