"""`imprint bench`."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import rich_click as click

from ops.cli.boundary import say
from ops.cli.printing import print_json

if TYPE_CHECKING:
    from ops.bench.report import Line

BENCHES = ("read", "write", "start", "domain", "tenancy", "signin")


@click.command("bench")
@click.argument("name", required=False, type=click.Choice(BENCHES))
@click.option("--json", "as_json", is_flag=True, help="Print an array.")
@click.option("--keep", is_flag=True, help="With tenancy: measure nothing, make 1,000 organizations and keep them until Ctrl-C.")
def command(name: str | None, *, as_json: bool, keep: bool) -> None:
    """Measure this release on a stack of its own, as ratios to floors in the same run. Exit code 1 where a target is missed."""
    import uvloop

    from ops.bench.report import machine, table

    if keep:
        _keep(name)
        return
    lines: list[Line] = []
    for bench in [name] if name else BENCHES:
        click.echo(f"bench {bench} …", err=True)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the server's own
            lines += runner.run(import_module(f"ops.bench.{bench}").run())
    if as_json:
        print_json([line.as_json() for line in lines])
    else:
        click.echo(f"{machine()}\n\n{table(lines)}")
    if not all(line.met for line in lines):
        sys.exit(1)


def _keep(name: str | None) -> None:
    from ops.bench.tenancy import keeping

    if name != "tenancy":
        raise click.UsageError("--keep goes with tenancy: imprint bench tenancy --keep")
    asyncio.run(keeping.keep(say))
