"""`imprint tenants invite`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import rich_click as click

from ops.cli.printing import print_json, print_record


@click.command("invite")
@click.argument("email")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def invite(email: str, *, as_json: bool) -> None:
    """Let somebody open an organization by themselves: mails them the link, and prints it. It is good for one, for fourteen days.

    They name it, prove that the address is theirs, and choose a password. IMPRINT_SIGN_UP must not be off.
    """
    made = asyncio.run(_invite(email))
    print_json(made) if as_json else print_record(made)


async def _invite(email: str) -> dict[str, Any]:
    from ops.organizations.inviting import invite_to_sign_up
    from ops.settings import Settings, admin_settings

    return await invite_to_sign_up(admin_settings(os.environ), Settings.read(os.environ), email)


COMMANDS = (invite,)
