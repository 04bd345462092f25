"""`imprint users`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.printing import print_json, print_record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ops.organizations.members import Members

TENANT = click.option("--tenant", "slug", required=True, metavar="SLUG", help="The organization they belong to.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one object.")
PASSWORD_FILE = click.option(
    "--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file whose first line is the password."
)


@click.group("users")
def command() -> None:
    """The people of an organization, for when they cannot help themselves."""


@command.command("create")
@click.argument("email")
@TENANT
@click.option("--name", help="As others read it; the part before the @ where it is left out.")
@click.option("--username", help="Made from the address where it is left out.")
@click.option("--role", default="reader", show_default=True, help="A role of the organization.")
@PASSWORD_FILE
@AS_JSON
def create(email: str, *, slug: str, name: str | None, username: str | None, role: str, password_file: Path | None, as_json: bool) -> None:
    """Invite somebody, and print the address at which they choose a password; or with a password let them sign in at once."""
    password = _first_line(password_file)
    _print(slug, lambda members: members.create(email, name or email.partition("@")[0], role, username, password), as_json=as_json)


@command.command("reset-password")
@click.argument("login")
@TENANT
@PASSWORD_FILE
@AS_JSON
def reset_password(login: str, *, slug: str, password_file: Path | None, as_json: bool) -> None:
    """Give somebody another password, and end all their sessions. Without a file one is made and printed: it is shown this once."""
    password = _first_line(password_file)
    _print(slug, lambda members: members.reset_password(login, password), as_json=as_json)


@command.command("reset-second-factor")
@click.argument("login")
@TENANT
@AS_JSON
def reset_second_factor(login: str, *, slug: str, as_json: bool) -> None:
    """Take somebody's authenticator and recovery codes away, who has lost them, and end their sessions. Be sure who asks."""
    _print(slug, lambda members: members.reset_second_factor(login), as_json=as_json)


@command.command("unlock")
@click.argument("login")
@TENANT
@AS_JSON
def unlock(login: str, *, slug: str, as_json: bool) -> None:
    """Let somebody try again at once who has to wait after too many wrong passwords."""
    _print(slug, lambda members: members.unlock(login), as_json=as_json)


@command.command("grant")
@click.argument("login")
@TENANT
@click.option("--role", help="The role they have from now on.")
@click.option("--permission", "permissions", multiple=True, help="What they may do beside their role; may be given several times.")
@AS_JSON
def grant(login: str, *, slug: str, role: str | None, permissions: tuple[str, ...], as_json: bool) -> None:
    """Give somebody another role, or rights beside it."""
    if role is None and not permissions:
        raise click.UsageError("say what to grant: --role ROLE, --permission PERMISSION, or both")
    _print(slug, lambda members: members.grant(login, role, permissions), as_json=as_json)


def _first_line(path: Path | None) -> str | None:
    if path is None:
        return None
    lines = path.read_text("utf-8").splitlines()
    if not lines or not lines[0]:
        raise click.UsageError(f"{path} is empty: its first line is the password")
    return lines[0]


def _print(slug: str, work: Callable[[Members], Awaitable[dict[str, Any]]], *, as_json: bool) -> None:
    from ops.organizations.members import managing
    from ops.settings import Settings

    settings = Settings.read(os.environ)

    async def run() -> dict[str, Any]:
        async with managing(settings, slug) as members:
            return await work(members)

    done = asyncio.run(run())
    print_json(done) if as_json else print_record(done)
