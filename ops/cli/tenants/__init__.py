"""`imprint tenants`: each family of commands in a module of its own."""

from __future__ import annotations

import rich_click as click

from ops.cli.tenants import auditing, domains, inviting, places, purging, states, stock, tiers, transfer


@click.group("tenants")
def command() -> None:
    """Make, list and show organizations."""


for family in (places, inviting, states, domains, purging, auditing, stock, tiers, transfer):
    for one in family.COMMANDS:
        command.add_command(one)
