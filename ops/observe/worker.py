"""Logs and traces of a worker's processes."""

from __future__ import annotations

import os
from collections.abc import Callable

from ops.observe import logs, traces
from ops.settings import Settings


def prepare(role: str) -> Callable[[], None]:
    """Sets both up before the process does anything; returns what flushes them at its end."""
    settings = Settings.read(os.environ)
    logs.configure(dev=settings.tenants.dev)
    return traces.configure(settings.otlp_endpoint, f"imprint-{role}", dev=settings.tenants.dev)
