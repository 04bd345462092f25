"""`imprint operators`."""

from __future__ import annotations

import asyncio
import os

import rich_click as click

from ops.cli.boundary import say
from ops.cli.printing import print_json, print_record, print_table

EMAIL = click.argument("email")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
COLUMNS = ("email", "state", "sessions", "last_sign_in", "created_by", "created_at")


@click.group("operators")
def command() -> None:
    """Who may read the operators' console. These commands themselves need nothing but access to the database.

    What is done by command stands in the audit under the machine's login, as user@host; what is done in the console under the account.
    """


@command.command("create")
@EMAIL
@AS_JSON
def create(email: str, *, as_json: bool) -> None:
    """Make an account, and print its link: good once, for a day. Whoever follows it chooses a password and sets up an authenticator."""
    from auth.operators import accounts
    from ops.settings import Settings, admin_settings

    invited = asyncio.run(accounts.create(admin_settings(os.environ), email))
    operators = Settings.read(os.environ).operators
    if not operators.port:
        say("no console is served yet: set IMPRINT_OPERATORS_PORT, and IMPRINT_OPERATORS_URL where a proxy stands before it")
    made = {"email": invited.email, "link": f"{operators.url}/enrol/{invited.link}", "until": invited.until.isoformat()}
    print_json(made) if as_json else print_record(made)


@command.command("list")
@AS_JSON
def list_all(*, as_json: bool) -> None:
    """Every account."""
    from auth.operators import accounts
    from ops.settings import admin_settings

    found = asyncio.run(accounts.everyone(admin_settings(os.environ)))
    print_json(found) if as_json else print_table(found, COLUMNS)


@command.command("remove")
@EMAIL
def remove(email: str) -> None:
    """End an account and its sessions, at once."""
    from auth.operators import accounts
    from ops.settings import admin_settings

    asyncio.run(accounts.remove(admin_settings(os.environ), email))
