from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ops.cli.serve import server
from ops.stack.memory import free_port

FOR_PEOPLE = {"charset_normalizer", "click", "ops.cli", "pygments", "rich", "rich_click"}
CONFIGURED = {
    "IMPRINT_ENV": "dev",
    "IMPRINT_DATABASE_URL": "postgresql://app@127.0.0.1:1/imprint",
    "IMPRINT_REDIS_URL": "redis://127.0.0.1:1/0",
    "IMPRINT_PUBLIC_URL": "http://localhost:8000",
    "IMPRINT_SECRET_KEY": "a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LWtleS0=",
}


def python(*arguments: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    given = [sys.executable, *arguments]
    return subprocess.run(given, capture_output=True, text=True, check=False, cwd=folder, env={"PATH": os.environ["PATH"], **environment})


def test_a_server_loads_nothing_that_is_for_terminals_and_says_nothing_about_it() -> None:
    script = f"""
import sys
from ops.serving import bare
with bare():
    import ops.serve
    from ops.observe import traces
    traces.configure("http://127.0.0.1:1", "imprint-server", dev=True)()
print(sorted({FOR_PEOPLE!r} & set(sys.modules)), "requests" in sys.modules)
import rich_click
"""

    done = python("-c", script)

    assert (done.stdout, done.stderr, done.returncode) == ("[] True\n", "", 0)


def test_what_ends_a_server_is_told_as_the_command_line_tells_it(tmp_path: Path) -> None:
    done = python("-m", "ops", "serve", "--port", str(free_port()), folder=tmp_path, **CONFIGURED)

    assert done.returncode == 2
    assert done.stdout == ""
    assert "imprint: IMPRINT_DATABASE_URL does not answer" in done.stderr


def test_a_traceback_is_shown_where_one_was_asked_for(tmp_path: Path) -> None:
    wrong = [word if word != "8000" else "a port" for word in server("127.0.0.1", 8000, 1, debug=True)[1:]]

    debugged = python(*wrong, folder=tmp_path, **CONFIGURED)
    plain = python(*wrong[:-1], folder=tmp_path, **CONFIGURED)

    assert (debugged.returncode, plain.returncode) == (1, 1)
    assert "Traceback" in debugged.stderr
    assert "Traceback" not in plain.stderr
    assert "imprint: unexpected ValueError" in plain.stderr


def test_nothing_is_imported_from_the_folder_where_a_server_is_started(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "__init__.py").write_text("raise SystemExit('another ops')")

    done = python(*server("127.0.0.1", 8000, 1, debug=False)[1:], folder=tmp_path)

    assert done.returncode == 2
    assert "another ops" not in done.stderr
