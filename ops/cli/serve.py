"""`imprint serve`."""

from __future__ import annotations

import os

import rich_click as click

from ops.observe import metrics


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
def command(host: str, port: int, workers: int) -> None:
    """Serve HTTP until SIGTERM or Ctrl-C: readiness goes red first, then requests finish."""
    from ops.settings import Settings

    settings = Settings.read(os.environ)
    metrics.share(os.environ)
    try:
        from ops.serve import Listening, run

        run(settings, Listening(host, port, workers))
    finally:
        metrics.forget(os.environ)
