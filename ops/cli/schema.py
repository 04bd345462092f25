"""`imprint schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.group("schema")
def command() -> None:
    """The GraphQL schema that this release serves."""


@command.command("print")
def print_sdl() -> None:
    """Print the SDL; `imprint schema print > schema.graphql` renews the committed one."""
    from app.api.sdl import printed

    click.echo(printed(), nl=False)


@command.command("permissions")
@click.option("--tenant", metavar="SLUG", help="With this organization's roles as they are now; else with those that all begin with.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of {place, roles: {role: yes | no | own | what a row must be}}.")
def permissions(tenant: str | None, *, as_json: bool) -> None:
    """Who may see and do what; `imprint schema permissions > docs/permissions.md` renews the committed table."""
    from app.api.permissions import INTRODUCTION, matrix, printed
    from app.api.schema import schema
    from ops.cli.printing import print_json

    lines = matrix(schema(), _roles_of(tenant) if tenant else _roles())
    if as_json:
        print_json([{"place": line.place, "roles": dict(line.cells)} for line in lines])
    else:
        click.echo(printed(lines) if tenant else f"{INTRODUCTION}\n{printed(lines)}", nl=False)


def _roles() -> Mapping[str, frozenset[str]]:
    """From the least to the most."""
    from app.users.values import DEFAULT_ROLES

    return {role: DEFAULT_ROLES[role] for role in reversed(DEFAULT_ROLES)}


def _roles_of(slug: str) -> Mapping[str, frozenset[str]]:
    from ops.cli.database import on_database
    from ops.organizations.roles import roles_of

    return on_database(lambda database, settings: roles_of(database, settings, slug))
