from __future__ import annotations

import json
import subprocess
import sys

FAIL = """
from ops.observe import logs
import structlog
logs.configure(dev={dev})
try:
    secret = "hunter2"
    raise ValueError("it broke")
except ValueError:
    structlog.get_logger().exception("failed", tenant="acme")
"""


def _logged(*, dev: bool) -> str:
    return subprocess.run([sys.executable, "-c", FAIL.format(dev=dev)], capture_output=True, text=True, check=True).stderr


def test_a_traceback_is_logged_as_json_with_its_context() -> None:
    line = json.loads(_logged(dev=False))

    assert (line["event"], line["tenant"], line["level"]) == ("failed", "acme", "error")
    assert line["exception"][0]["exc_value"] == "it broke"


def test_no_log_ever_shows_a_local_variable() -> None:
    assert "hunter2" not in _logged(dev=False).replace('secret = "hunter2"', "")
    assert "hunter2" not in _logged(dev=True).replace('secret = "hunter2"', "")
