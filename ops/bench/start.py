"""`imprint bench start`: how long `imprint dev` takes until it answers, on an empty data folder and on one that was used."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from ops.bench.report import Line
from ops.dev import children
from ops.stack.children import Child
from ops.stack.memory import free_port

COLD_SECONDS, WARM_SECONDS = 10.0, 4.0


async def run() -> list[Line]:
    """About half a minute. The floor is what a person was promised."""
    with tempfile.TemporaryDirectory(prefix="imprint-start-") as folder:
        cold = await _seconds(Path(folder) / "data")
        warm = await _seconds(Path(folder) / "data")
    return [
        Line("imprint dev answers, cold, seconds", f"{cold:.1f}", f"{COLD_SECONDS:g}", cold / COLD_SECONDS, 1.0, at_most=True),
        Line("imprint dev answers, warm, seconds", f"{warm:.1f}", f"{WARM_SECONDS:g}", warm / WARM_SECONDS, 1.0, at_most=True),
    ]


async def _seconds(data: Path) -> float:
    port = free_port()
    command = [sys.executable, "-m", "ops", "dev", "--no-demo", "--port", str(port), "--data", str(data)]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("IMPRINT_")}
    session = Child(name="imprint dev", command=command, env=quiet, log=data.with_suffix(".log"), grace=30.0)
    started = time.perf_counter()
    session.start()
    try:
        await children.ready(session, port)
        return time.perf_counter() - started
    finally:
        await session.stop()
