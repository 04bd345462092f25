"""`imprint migrate`: each family of commands in a module of its own."""

from __future__ import annotations

import os
from pathlib import Path

import rich_click as click

from ops.cli.migrate import checking, drifting, running, standing, writing

FURTHER_REVISIONS = "IMPRINT_REVISIONS"


@click.group("migrate")
def command() -> None:
    """Bring schemas to this release's revision, and say where they stand.

    IMPRINT_REVISIONS names a folder of tenant revisions that follow this release's own: one can be tried before it is released.
    """
    if folder := os.environ.get(FURTHER_REVISIONS):
        from migrations.history import History, try_out
        from tenants.errors import ConfigurationError

        if not Path(folder).is_dir():
            raise ConfigurationError([f"{FURTHER_REVISIONS} is {folder!r}, which is no folder: name one with revisions in it, or leave it out"])
        try_out(History.TENANT, Path(folder))


for family in (running, standing, checking, drifting, writing):
    for one in family.COMMANDS:
        command.add_command(one)
