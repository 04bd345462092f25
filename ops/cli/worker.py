"""`imprint worker`."""

from __future__ import annotations

import os

import rich_click as click

from ops.observe import metrics


@click.command("worker")
@click.option("--threads", type=click.IntRange(1, 256), help="Handlers that run at once; IMPRINT_WORKER_THREADS otherwise.")
def command(threads: int | None) -> int:
    """Deliver events to their reactions, run timers and send mail, until SIGTERM or Ctrl-C."""
    from ops.observe import logs
    from ops.settings import Settings
    from workers.supervisor import run

    settings = Settings.read(os.environ)
    logs.configure(dev=settings.tenants.dev)
    metrics.share(os.environ)
    try:
        return run(os.environ, threads=threads, prepare="ops.observe.worker:prepare", founder="ops.organizations.founding:found")
    finally:
        metrics.forget(os.environ)
