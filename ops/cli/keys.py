"""`imprint keys`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from auth.signing import SigningKey, SigningKeys

COLUMNS = ("kid", "algorithm", "signs_from", "retired_at")


@click.group("keys")
def command() -> None:
    """The keys that sign access tokens."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print an array.")
def list_keys(*, as_json: bool) -> None:
    """Every key, retired ones too."""
    found = [_shape(key) for key in _on_keys(lambda keys: keys.all())]
    print_json(found) if as_json else print_table(found, COLUMNS)


@command.command("rotate")
def rotate() -> None:
    """Make a new key; it signs once every server has had time to read it, and nobody is signed out."""
    click.echo(_on_keys(lambda keys: keys.rotate()))


@command.command("retire")
@click.argument("kid")
def retire(kid: str) -> None:
    """Refuse a key's tokens from now on."""
    _on_keys(lambda keys: keys.retire(kid))
    click.echo(f"{kid} is retired: its tokens are refused within seconds")


def _on_keys(work: Callable[[SigningKeys], Awaitable[Any]]) -> Any:
    from auth.signing import SigningKeys
    from ops.settings import Settings
    from tenants.database import Database
    from tenants.secrets import Keyring

    settings = Settings.read(os.environ)

    async def run() -> Any:
        async with Database(settings.tenants, connections=1) as database:
            return await work(SigningKeys(database, Keyring(settings.tenants.secret_keys), overlap=settings.auth.signing_overlap))

    return asyncio.run(run())


def _shape(key: SigningKey) -> dict[str, Any]:
    retired = key.retired_at.isoformat() if key.retired_at else None
    return {"kid": key.kid, "algorithm": "ES256", "signs_from": key.signs_from.isoformat(), "retired_at": retired}
