"""How commands end: exit codes, one clear line, results alone on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import rich_click as click
import structlog

from ops.cli import boundary, frame
from ops.commands import COMMANDS
from tenants.errors import ConfigurationError, NotFound, Refusal, ValidationFailed

HEAVY = ("litestar", "sqlalchemy", "alembic", "asyncpg", "redis", "granian", "dramatiq")


class Locked(Refusal):
    code = "MIGRATION_RUNNING"


def ends(error: Exception, *arguments: str) -> int:
    @click.command()
    @click.option("--debug", is_flag=True)
    @click.option("--json", is_flag=True)
    def command(**_: bool) -> None:
        raise error

    return boundary.run(command, arguments)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("no such post"), 1),
        (Locked("wait"), 3),
        (ConfigurationError(["a", "b"]), 2),
        (ValidationFailed({"slug": "is taken by us"}), 1),
        (click.UsageError("what?"), 2),
        (ValueError("odd"), 1),
    ],
)
def test_each_end_has_its_exit_code_and_leaves_stdout_alone(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(error) == code
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Locked("wait"), {"code": "MIGRATION_RUNNING", "message": "wait"}),
        (
            ValidationFailed({"slug": "takes letters"}),
            {"code": "VALIDATION_FAILED", "message": "slug: takes letters", "fields": {"slug": "takes letters"}},
        ),
        (ConfigurationError(["a", "b"]), {"code": "WRONG_CONFIGURATION", "message": "a\nb", "problems": ["a", "b"]}),
        (click.UsageError("what?"), {"code": "WRONG_USAGE", "message": "what?"}),
        (ValueError("odd\nthing"), {"code": "INTERNAL", "message": "unexpected ValueError: odd thing"}),
    ],
)
def test_a_program_that_asked_for_json_reads_on_stdout_why_there_is_no_result(
    error: Exception, told: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    ends(error, "--json")
    said = capsys.readouterr()
    assert json.loads(said.out) == {"error": told}
    assert said.err != ""


def test_every_problem_of_a_configuration_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    ends(ConfigurationError(["A is not set", "B is not set"]))
    assert capsys.readouterr().err == "imprint: A is not set\nimprint: B is not set\n"


def test_an_unexpected_error_is_one_line_and_a_traceback_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    ends(ValueError("two\nlines"))
    assert capsys.readouterr().err.count("\n") == 1
    ends(ValueError("two\nlines"), "--debug")
    assert "Traceback" in capsys.readouterr().err


def test_what_is_logged_while_a_command_works_goes_to_stderr_and_shows_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    assert frame.main([next(iter(COMMANDS)), "--help"]) == 0
    capsys.readouterr()

    password = "among the locals"
    try:
        int(password[:5])
    except ValueError:
        structlog.get_logger().exception("it broke")

    said = capsys.readouterr()
    assert said.out == ""
    assert "it broke" in said.err
    assert "ValueError: invalid literal" in said.err
    assert "the locals" not in said.err


def test_every_registered_command_can_be_loaded_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        assert frame.main([name, "--help"]) == 0
        assert "Usage" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    script = f"import sys; from ops.cli import main; main(['--help']); sys.stderr.write(' '.join(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_looking_at_tenants_needs_neither_alembic_nor_sqlalchemy() -> None:
    modules = "migrations.runner, migrations.status, ops.cli.migrate, ops.progress, ops.settings"
    script = f"import sys, {modules}; sys.stderr.write(' '.join(m for m in ('alembic', 'sqlalchemy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_without_any_configuration_every_problem_is_named_at_once(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "ops", "serve"], capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": "/usr/bin"})
    assert done.returncode == 2
    assert done.stdout == ""
    for name in ("IMPRINT_DATABASE_URL", "IMPRINT_REDIS_URL", "IMPRINT_PUBLIC_URL", "IMPRINT_SECRET_KEY"):
        assert f"imprint: {name} is not set: " in done.stderr
