"""Where a command's end becomes an exit code and one clear line; with --json also an object for the program that reads stdout."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence

import rich_click as click

from tenants.errors import ConfigurationError, Refusal, RetryLater

DONE, FAILED, USAGE, STATE = 0, 1, 2, 3
INTERRUPTED = 130
# Refusals that say something other than "the work failed".
EXITS = {
    "ALREADY_RUNNING": STATE,
    "CONTROL_BEHIND": STATE,
    "DATABASE_REFUSED": USAGE,
    "GRACE_NOT_OVER": STATE,
    "KEYS_MISSING": STATE,
    "MIGRATION_RUNNING": STATE,
    "NEVER_MIGRATED": USAGE,
    "NEWER_RELEASE": STATE,
    "NOT_CONFIRMED": STATE,
    "NOT_EXPORTABLE": STATE,
    "NOT_THE_OWNERS": USAGE,
    "NO_OWNER": STATE,
    "PURGE_RUNNING": STATE,
    "ROTATION_RUNNING": STATE,
    "TARGET_EXISTS": STATE,
    "TENANT_LOCKED": STATE,
    "TENANT_SUSPENDED": STATE,
    "WRONG_STATE": STATE,
}


def run(command: click.Command, arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        result = command.main(args=given, prog_name="imprint", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last boundary: a person gets one line, the traceback on request
        return ended_by(error, debug="--debug" in given, as_json="--json" in given)
    return result if isinstance(result, int) else DONE


def ended_by(error: Exception | KeyboardInterrupt, *, debug: bool, as_json: bool = False) -> int:
    """The exit code, after the line that says why."""
    told: dict[str, object] = {}
    match error:
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED
        case click.ClickException():
            error.show()
            code, told = error.exit_code, {"code": "WRONG_USAGE", "message": error.format_message()}
        case ConfigurationError():
            for problem in error.problems:
                say(problem)
            code, told = USAGE, {"code": "WRONG_CONFIGURATION", "message": "\n".join(error.problems), "problems": list(error.problems)}
        case Refusal():
            say(f"{error.message} [{error.code}]")
            if isinstance(error, RetryLater) and isinstance(error.__cause__, OSError):
                say(f"it met: {error.__cause__}; `imprint doctor` looks at every server and says how to mend what is wrong")
            code, told = EXITS.get(error.code, FAILED), {"code": error.code, "message": error.message, **error.extensions()}
        case BrokenPipeError():
            # Whoever read our output has gone; the interpreter must not try to flush into the closed pipe at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILED
        case _:
            code, told = _unexpected(error, debug=debug)
    if as_json:
        # One line, so that it also ends what prints an object a line.
        click.echo(json.dumps({"error": told}, default=str, ensure_ascii=False))
    return code


def _unexpected(error: Exception, *, debug: bool) -> tuple[int, dict[str, object]]:
    if debug:
        traceback.print_exception(error)
    hint = "" if debug else "; run it again as `imprint --debug …` for the traceback"
    said = f"unexpected {type(error).__name__}: {' '.join(str(error).split())}"
    say(f"{said}{hint}")
    return FAILED, {"code": "INTERNAL", "message": said}


def say(line: str) -> None:
    """One line for a person, on stderr: stdout carries results alone."""
    click.echo(f"imprint: {line}", err=True)
