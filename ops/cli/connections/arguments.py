"""What all of `imprint connections` share: arguments, options, and the way to the organization."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ops.cli.printing import print_json, print_record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from pathlib import Path

    from ops.organizations.connecting import Connecting
    from ops.organizations.reconnecting import Changed

Answer = TypeVar("Answer")
Command = Callable[..., Any]
TERMS = frozenset({"label", "create_people", "default_role", "domains", "mapped", "unmapped"})

SLUG = click.argument("slug")
NAME = click.argument("name")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def terms(*, adding: bool) -> Callable[[Command], Command]:
    """The options that connections of every kind have: who comes in, and as what. See `wanted_terms`, `changed_terms`."""
    usual: dict[str, Any] = {"show_default": True} if adding else {}
    options = [
        click.option("--domain", "domains", multiple=True, metavar="DOMAIN", help="A domain of e-mail addresses that you vouch for being theirs."),
        click.option("--map", "mapped", multiple=True, metavar="GROUP=ROLE", help="The role of a group's people; the first that fits counts."),
        click.option("--default-role", default="reader" if adding else None, help="The role of people whom no group gives another.", **usual),
        click.option("--jit/--no-jit", "create_people", default=True if adding else None, help="Whether somebody unknown gets an account.", **usual),
        click.option("--label", help="What the button on the sign-in page says" + ("; the name where it is left out." if adding else ".")),
    ]
    if not adding:
        options.append(click.option("--no-map", "unmapped", is_flag=True, help="No group gives a role any more; else --map says all rules anew."))
    return stacked(*options)


def stacked(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Options that several commands have, as one."""

    def decorate(function: Command) -> Command:
        for option in options:
            function = option(function)
        return function

    return decorate


def wanted_terms(options: dict[str, Any]) -> dict[str, Any]:
    """The options of `terms` as `ops.organizations.connecting.Wanted` takes them."""
    return {name: options[name] for name in ("label", "create_people", "default_role", "domains")} | {"group_roles": _rules(options["mapped"])}


def changed_terms(options: dict[str, Any]) -> dict[str, Any]:
    """The options of `terms` as `ops.organizations.reconnecting.Changed` takes them."""
    if options["mapped"] and options["unmapped"]:
        raise click.UsageError("--map and --no-map exclude each other: give all rules that there are to be, or none")
    rules = _rules(options["mapped"]) if options["mapped"] else () if options["unmapped"] else None
    return {name: options[name] for name in ("label", "create_people", "default_role", "domains")} | {"group_roles": rules}


def _rules(pairs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    rules = []
    for pair in pairs:
        group, equals, role = pair.rpartition("=")
        if not equals or not group or not role:
            raise click.UsageError(f"--map takes GROUP=ROLE, not {pair!r}")
        rules.append((group, role))
    return tuple(rules)


def secret_from(path: Path) -> str:
    """The file's text without the line's end. An empty one is wrong usage."""
    text = path.read_text("utf-8").strip()
    if not text:
        raise click.UsageError(f"{path} is empty: it has to hold the secret")
    return text


def asked(slug: str, work: Callable[[Connecting], Awaitable[Answer]]) -> Answer:
    from ops.organizations.connecting import connecting
    from ops.settings import Settings

    settings = Settings.read(os.environ)

    async def run() -> Answer:
        async with connecting(settings, slug) as found:
            return await work(found)

    return asyncio.run(run())


def print_changed(slug: str, wanted: Changed, *, as_json: bool) -> None:
    """Change it, and print it as it is then. Where nothing was given that is another, that is wrong usage."""
    from ops.organizations.reconnecting import change

    if wanted.nothing:
        raise click.UsageError(
            f"nothing is to be changed: give what is other from now on; see imprint connections change {slug} {wanted.kind} {wanted.name} --help"
        )
    print_one(asked(slug, lambda connecting: change(connecting, wanted)), as_json=as_json)


def print_one(record: dict[str, Any], *, as_json: bool) -> None:
    print_json(record) if as_json else print_record(record)


def with_pairs(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Only what was given."""
    return {name: value for name, value in pairs if value is not None}
