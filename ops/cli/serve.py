"""`imprint serve`."""

from __future__ import annotations

import os
import sys

import rich_click as click


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
@click.pass_context
def command(ctx: click.RichContext, host: str, port: int, workers: int) -> None:
    """Serve HTTP until SIGTERM or Ctrl-C: readiness goes red first, then requests finish."""
    # This process goes on as the server, and lets go of the command line (record 68).
    os.execv(sys.executable, server(host, port, workers, debug=ctx.find_root().params["debug"]))  # noqa: S606 - our own interpreter


def server(host: str, port: int, workers: int, *, debug: bool) -> list[str]:
    """The command line that `imprint serve` goes on with. The container's health check reads it, too (`ops.alive`)."""
    # -P: nothing is imported from the folder where the server happens to be started.
    begun = [sys.executable, "-P", "-m", "ops.serving", "serve"]
    return [*begun, "--host", host, "--port", str(port), "--workers", str(workers), *(["--debug"] if debug else [])]
