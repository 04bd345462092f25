"""`imprint dev`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import rich_click as click

from ops.env_file import DEFAULT_FOLDER


@click.command("dev")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Where the server answers.")
@click.option(
    "--data", default=DEFAULT_FOLDER, show_default=True, type=click.Path(path_type=Path), metavar="DIR", help="Where databases and secrets lie."
)
@click.option("--demo/--no-demo", default=True, show_default=True, help="Load two organizations full of posts.")
def command(*, port: int, data: Path, demo: bool) -> None:
    """Run Postgres, Redis, server and worker on this machine until Ctrl-C.

    Servers named by IMPRINT_DATABASE_URL (with IMPRINT_ADMIN_DATABASE_URL) and IMPRINT_REDIS_URL are used instead of own ones.
    """
    from ops.dev.session import Wishes, run

    started = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - started:6.1f} s  {line}", err=True)

    asyncio.run(run(Wishes(port, data, demo), say, click.echo))
