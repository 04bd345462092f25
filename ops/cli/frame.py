"""The top of the command line: which commands there are, and how every one of them ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rich_click as click

from ops import env_file
from ops.cli import boundary
from ops.commands import COMMANDS

# It must not take a killed run's addresses for somebody's choice.
MAKES_THE_STACK = "dev"
# It logs as a server does, and loads nothing twice.
BEGINS_ANEW = "serve"


class Lazy(click.RichCommand):
    """A command's name and one line; the command itself is imported when it is asked for."""

    def __init__(self, name: str, module: str, line: str) -> None:
        super().__init__(name=name, help=line)
        self.module = module

    def load(self) -> click.Command:
        from importlib import import_module

        command: click.Command = import_module(self.module).command
        return command


class Commands(click.RichGroup):
    """All commands by name, none of them imported yet."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        return Lazy(cmd_name, *COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Lazy) else command, rest


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected error.")
@click.version_option(package_name="imprint", message="%(version)s")
@click.pass_context
def imprint(ctx: click.RichContext, /, **_: Any) -> None:
    """Imprint, a publishing platform for many organizations. `imprint dev` runs all of it on this machine."""
    if ctx.invoked_subcommand != BEGINS_ANEW:
        from ops.cli import logs

        logs.for_people()
    if ctx.invoked_subcommand != MAKES_THE_STACK:
        env_file.adopt(os.environ, Path.cwd())


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; the console script's entry."""
    return boundary.run(imprint, arguments)
