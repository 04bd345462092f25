"""`imprint migrate up|down|stamp`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.boundary import FAILED, say
from ops.cli.migrate.options import JSON, WAIT, WHICH, how
from ops.cli.printing import print_json

if TYPE_CHECKING:
    from migrations.plan import Options, Plan
    from migrations.runs import Run
    from ops.progress import Lines


def _options(to: str | None, *, halt_at: int, dry_run: bool, as_sql: bool, as_json: bool, **others: Any) -> tuple[Options, str]:
    """What the run is asked for, and how it is to be shown."""
    from migrations.plan import Options

    show = "sql" if as_sql else "plan" if dry_run else "run"
    return Options(to=to, halt_at=halt_at / 100, **others), f"{show}{'-json' if as_json else ''}"


@click.command("up")
@click.option("--to", metavar="REV", help="Up to this tenant revision; without, to this release's.")
@how
def up(to: str | None, **given: Any) -> int:
    """Make the installation where there is none, then migrate control and every tenant.

    Run it again after whatever went wrong: it goes on where it stopped. Exit code 1 when a tenant failed, 3 when another
    run holds the lock. Ctrl-C lets the tenants at hand finish.
    """
    from migrations import runner
    from migrations.plan import up_plan

    options, show = _options(to, **given)
    if not show.startswith("run"):
        return _show(options, up_plan, show)
    return _run(options, runner.up, as_json=show.endswith("json"))


@click.command("down")
@click.option("--to", required=True, metavar="REV", help="Back to this tenant revision.")
@how
def down(to: str, **given: Any) -> int:
    """Take tenants back to an earlier revision; data that only later revisions can hold is lost."""
    from migrations import runner
    from migrations.plan import down_plan

    options, show = _options(to, **given)
    if not show.startswith("run"):
        return _show(options, down_plan, show)
    return _run(options, runner.down, as_json=show.endswith("json"))


@click.command("stamp")
@click.argument("revision")
@WHICH
@click.option("--all", "everybody", is_flag=True, help="Every organization; asked for where --tenants names none and there are several.")
@WAIT
@JSON
def stamp(revision: str, *, tenants: str, everybody: bool, wait: float, as_json: bool) -> int:
    """Say that tenants are at REVISION without running anything: for a schema that was mended by hand.

    Exit code 1 when a tenant could not be stamped, 3 when several would be and neither --tenants nor --all says which.
    """
    from migrations.plan import Options
    from migrations.stamping import stamp as write
    from ops.settings import admin_settings

    options = Options(tenants=tenants, wait=wait)
    return _told(asyncio.run(write(admin_settings(os.environ), revision, options, everybody=everybody, note=say)), as_json=as_json)


def _show(options: Options, planner: Callable[..., Plan], show: str) -> int:
    from migrations import runner
    from migrations.script import printed
    from ops.settings import admin_settings

    if show.startswith("sql"):
        lines = asyncio.run(printed(admin_settings(os.environ), options, planner))
        print_json({"sql": lines}) if show == "sql-json" else click.echo("\n".join(lines))
        return 0
    plan = asyncio.run(runner.planned(admin_settings(os.environ), options, planner))
    if show == "plan-json":
        print_json(plan.as_json())
    else:
        for line in plan.lines() or [f"nothing to do: every tenant is at {plan.to}"]:
            click.echo(line)
    return 0


def _run(options: Options, work: Callable[..., Any], *, as_json: bool) -> int:
    from ops.settings import admin_settings

    settings, telling = admin_settings(os.environ), _listener()

    @wraps(work)
    async def stoppable() -> Run:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, _ask_to_stop, stop, loop)
        done: Run = await work(settings, options, telling, stop)
        return done

    try:
        run = asyncio.run(stoppable())
    finally:
        telling.close()
    return _told(run, as_json=as_json)


def _listener() -> Lines:
    """A bar where standard error is a terminal, plain lines elsewhere."""
    if sys.stderr.isatty():
        from ops.progress_bar import Bar

        return Bar()
    from ops.progress import Lines

    return Lines(say)


def _ask_to_stop(stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """The first time gently; the second time is the signal's own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
    say("finishing the tenants at hand; once more to break off")
    stop.set()


def _told(run: Run, *, as_json: bool) -> int:
    if as_json:
        print_json(run.as_json())
    else:
        left = f", {run.left} not tried" if run.left else ""
        click.echo(f"{len(run.done)} migrated, {run.skipped} already there, {len(run.failed)} failed{left}, {run.seconds:.1f} s")
        for slug, error in sorted(run.failed.items()):
            say(f"{slug}: {error}")
    if run.state in {"halted", "interrupted"}:
        say(f"{run.state}: {run.reason}. Run the same command again to go on.")
    elif run.state == "failed":
        say("mend what is said of those that failed, then run the same command again: the others are done")
    return 0 if run.state == "done" else FAILED


COMMANDS = (up, down, stamp)
