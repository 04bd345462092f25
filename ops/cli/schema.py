"""`imprint schema`."""

from __future__ import annotations

import rich_click as click


@click.group("schema")
def command() -> None:
    """The GraphQL schema that this release serves."""


@command.command("print")
def print_sdl() -> None:
    """Print the SDL; `imprint schema print > schema.graphql` renews the committed one."""
    from app.api.sdl import printed

    click.echo(printed(), nl=False)
