"""`DIR/env` is read by shells and by us alike."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ops import env_file

AWKWARD = {"IMPRINT_DATABASE_URL": "postgresql://a:p'w d$x@h/db", "PGPASSWORD": 'quote " and `tick`', "EMPTY": ""}


def test_what_was_written_is_read_again() -> None:
    assert env_file.parse(env_file.text(AWKWARD)) == AWKWARD


def test_a_shell_reads_the_same(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text(env_file.text(AWKWARD))
    script = f'. {file}; printf "%s|%s|%s" "$IMPRINT_DATABASE_URL" "$PGPASSWORD" "$EMPTY"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == "|".join(AWKWARD.values())


def folder(path: Path) -> Path:
    path.mkdir()
    (path / "stack.json").write_text("{}")
    (path / "env").write_text(env_file.text({"IMPRINT_DATABASE_URL": "theirs", "IMPRINT_ENV": "dev"}))
    return path


def test_a_command_beside_a_running_stack_uses_it(tmp_path: Path) -> None:
    folder(tmp_path / ".imprint")
    for here in (tmp_path, tmp_path / ".imprint"):
        environ = {"IMPRINT_ENV": "production"}
        env_file.adopt(environ, here)
        assert environ == {"IMPRINT_ENV": "production", "IMPRINT_DATABASE_URL": "theirs"}


def test_a_database_of_ones_own_wins_as_a_whole(tmp_path: Path) -> None:
    folder(tmp_path / ".imprint")
    environ = {"IMPRINT_DATABASE_URL": "mine"}
    env_file.adopt(environ, tmp_path)
    assert environ == {"IMPRINT_DATABASE_URL": "mine"}


def test_a_file_called_env_that_is_no_stacks_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("export IMPRINT_DATABASE_URL=other\n")
    environ: dict[str, str] = {}
    env_file.adopt(environ, tmp_path)
    assert environ == {}
