"""`imprint connections`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from ops.cli.connections.arguments import AS_JSON, NAME, SLUG, asked, print_one
from ops.cli.connections.domains import domains
from ops.cli.connections.ldap import add_ldap, change_ldap
from ops.cli.connections.oauth2 import add_oauth2, change_oauth2
from ops.cli.connections.oidc import add_oidc, change_oidc
from ops.cli.connections.saml import add_saml, certificate, change_saml
from ops.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from uuid import UUID

    from auth.sso.checks import Check

COLUMNS = ("name", "kind", "label", "enabled", "trouble", "sign_in")


@click.group("connections")
def command() -> None:
    """The identity providers through which an organization's people sign in."""


@command.group("add")
@SLUG
@click.pass_context
def add(ctx: click.RichContext, slug: str) -> None:
    """Connect an identity provider: saml, oidc, oauth2 or ldap."""
    ctx.obj = slug


@command.group("change")
@SLUG
@click.pass_context
def change(ctx: click.RichContext, slug: str) -> None:
    """Change a connection in place, by its kind and name: what is not named stays, and so do its people.

    An empty value ('') takes a setting back to what is usual. Look at it afterwards: imprint connections test SLUG NAME.
    """
    ctx.obj = slug


for one in (add_saml, add_oidc, add_oauth2, add_ldap):
    add.add_command(one)
for one in (change_saml, change_oidc, change_oauth2, change_ldap):
    change.add_command(one)
command.add_command(certificate)
command.add_command(domains)


@command.command("list")
@SLUG
@AS_JSON
def list_all(slug: str, *, as_json: bool) -> None:
    """Every connection of an organization."""
    found = asked(slug, lambda connecting: connecting.all())
    print_json(found) if as_json else print_table(found, COLUMNS)


@command.command("show")
@SLUG
@NAME
@AS_JSON
def show(slug: str, name: str, *, as_json: bool) -> None:
    """One connection with its settings; of its secrets only that they are there."""
    print_one(asked(slug, lambda connecting: connecting.show(name)), as_json=as_json)


@command.command("test")
@SLUG
@NAME
@AS_JSON
def test(slug: str, name: str, *, as_json: bool) -> None:
    """Look at the provider without anybody signing in; exit 1 where something is not as it has to be."""
    checks: list[Check] = asked(slug, lambda connecting: connecting.test(name))
    rows = [{"check": check.name, "ok": check.passed, "expected": check.expected, "found": check.found} for check in checks]
    print_json(rows) if as_json else print_table(rows, ("ok", "check", "expected", "found"))
    if not all(check.passed for check in checks):
        raise SystemExit(1)


@command.command("enable")
@SLUG
@NAME
@AS_JSON
def enable(slug: str, name: str, *, as_json: bool) -> None:
    """Let people sign in through it."""
    print_one(asked(slug, lambda connecting: connecting.switch(name, enabled=True)), as_json=as_json)


@command.command("disable")
@SLUG
@NAME
@AS_JSON
def disable(slug: str, name: str, *, as_json: bool) -> None:
    """Let nobody sign in through it any more; whoever is signed in stays so."""
    print_one(asked(slug, lambda connecting: connecting.switch(name, enabled=False)), as_json=as_json)


@command.command("scim")
@SLUG
@NAME
@click.option("--new", is_flag=True, help="Make a token; it is printed this once. Two may be good at once.")
@click.option("--days", type=click.IntRange(1, 730), default=365, show_default=True, help="How long the new token is good.")
@click.option("--revoke", type=click.UUID, metavar="ID", help="End a token, before a new one is made.")
@AS_JSON
def scim(slug: str, name: str, *, new: bool, days: int, revoke: UUID | None, as_json: bool) -> None:
    """How its provider provisions people: the address for it and the tokens that are good."""
    print_one(asked(slug, lambda connecting: connecting.provisioning(name, days=days if new else None, revoke=revoke)), as_json=as_json)


@command.command("lift")
@SLUG
@click.option("--reason", required=True, help="Why; it is in the operators' audit.")
def lift(slug: str, reason: str) -> None:
    """In an emergency: let everybody sign in with passwords again, and from every network. What the organization enforces ends."""
    import asyncio
    import os

    from ops.organizations.lifting import lift as lifted
    from ops.settings import Settings

    asyncio.run(lifted(Settings.read(os.environ), slug, reason))
    click.echo(f"{slug}: everybody may sign in with a password again, from every network", err=True)


@command.command("remove")
@SLUG
@NAME
def remove(slug: str, name: str) -> None:
    """Forget it, and which of its people are whom here; the people stay."""
    asked(slug, lambda connecting: connecting.remove(name))
