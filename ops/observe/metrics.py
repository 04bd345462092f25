"""Metrics of all processes of one node, summed through files that each of them writes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

# prometheus-client decides when it is imported whether it writes files, so that this module must not import it above.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def share(environ: MutableMapping[str, str]) -> None:
    """Gives this process and its children one folder for their metrics. Call it before anything imports prometheus_client."""
    if not environ.get(FOLDER):
        environ[FOLDER] = tempfile.mkdtemp(prefix=f"imprint-metrics-{os.getpid()}-")


def forget(environ: MutableMapping[str, str]) -> None:
    """Removes the folder that `share` made, at the end of the process that called it."""
    folder = environ.get(FOLDER, "")
    if Path(folder).name.startswith(f"imprint-metrics-{os.getpid()}-"):
        shutil.rmtree(folder, ignore_errors=True)


def exposition() -> tuple[bytes, str]:
    """The text that Prometheus scrapes, and its content type."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest  # noqa: PLC0415
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

    if not os.environ.get(FOLDER):
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
