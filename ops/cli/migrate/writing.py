"""`imprint migrate new`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import rich_click as click

from ops.cli.boundary import say

if TYPE_CHECKING:
    from migrations.writing import Wanted, Written

LONGEST_MESSAGE = 120


def _message(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    message = value.strip()
    if not any(character.isascii() and character.isalnum() for character in message):
        raise click.BadParameter("say in a few words what the revision does")
    if len(message) > LONGEST_MESSAGE or not message.isprintable() or '"' in message or "\\" in message:
        raise click.BadParameter(f'one line of at most {LONGEST_MESSAGE} characters, without " and \\')
    return message


@click.command("new")
@click.argument("message", callback=_message)
@click.option("--control", is_flag=True, help="For the control schema instead of the tenants'.")
@click.option("--empty", is_flag=True, help="Write an empty revision, for work by hand, whatever differs.")
@click.option("--python", is_flag=True, help="Run by Alembic in a process of its own, for each tenant: for what must read rows.")
@click.option("--outside-transaction", is_flag=True, help="Each statement by itself and safe to repeat: for CREATE INDEX CONCURRENTLY.")
def new(message: str, *, control: bool, empty: bool, python: bool, outside_transaction: bool) -> None:
    """Write the next revision from what the code declares and head does not make; print the file's path.

    Tables come from the packages' tables.py, functions, views and triggers from the files below sql/. Both are tried on a throwaway
    Postgres first. Where nothing differs nothing is written.
    """
    from migrations.history import Execution, History
    from migrations.writing import Wanted

    if python and outside_transaction:
        raise click.UsageError("--python and --outside-transaction exclude each other")
    if python and control:
        raise click.UsageError("the control schema's revisions are SQL alone: leave --python out")
    execution = Execution.PYTHON if python else Execution.OUTSIDE_TRANSACTION if outside_transaction else Execution.REPLAYED
    written = asyncio.run(_write(Wanted(History.CONTROL if control else History.TENANT, message, execution, empty=empty)))
    if written is None:
        say("nothing differs: revisions make what the code declares (--empty writes one for work by hand)")
        return
    click.echo(str(written.path))
    for finding in written.findings:
        say(f"{finding.rule}: {finding.instead}")
    say("read it, say Expand. or Contract., and try it with `imprint migrate check`")


async def _write(wanted: Wanted) -> Written | None:
    """On a server that is made for it and thrown away."""
    import tempfile
    from pathlib import Path

    from migrations.writing import declared, write_revision
    from ops.stack import THROWN_AWAY, Stack

    if wanted.empty:
        return await write_revision(wanted, declared(wanted.history), "")
    stack = Stack(Path(tempfile.mkdtemp(prefix="imprint-new-")), say, postgres=THROWN_AWAY)
    try:
        addresses = await stack.start()
        return await write_revision(wanted, declared(wanted.history), addresses.superuser_url)
    finally:
        await stack.stop()
        stack.discard()


COMMANDS = (new,)
