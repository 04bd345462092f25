"""`imprint connections add|change SLUG oauth2 NAME`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import rich_click as click

from ops.cli.connections.arguments import (
    AS_JSON,
    NAME,
    TERMS,
    Command,
    asked,
    changed_terms,
    print_changed,
    print_one,
    secret_from,
    stacked,
    terms,
    wanted_terms,
    with_pairs,
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _values(*, adding: bool) -> Callable[[Command], Command]:
    return stacked(
        click.option("--groups-field"),
        click.option("--name-field"),
        click.option("--username-field"),
        click.option("--email-verified-field", help="The field that is true where the address is verified."),
        click.option("--email-field"),
        click.option("--id-field", help="The field of the user API's answer that never becomes another person's."),
        click.option("--scopes", help="With spaces between."),
        click.option("--authentication", help="client_secret_post, client_secret_basic or none."),
        click.option("--emails-url", metavar="URL", help="Where the person's addresses are listed, each with whether it is verified."),
        click.option("--userinfo-url", metavar="URL", help="The user API that says who it is."),
        click.option("--token-url", metavar="URL", help="Where the code is exchanged."),
        click.option("--authorize-url", metavar="URL", help="Where the browser is sent."),
        click.option("--client-secret-file", "secret_file", type=_FILE, help="A file that holds the secret."),
        click.option("--client-id", required=adding, help="What the provider calls this application."),
    )


@click.command("oauth2")
@NAME
@_values(adding=True)
@click.option("--preset", type=click.Choice(["github"]), help="Settings of a known provider.")
@terms(adding=True)
@AS_JSON
@click.pass_obj
def add_oauth2(slug: str, /, name: str, *, as_json: bool, **given: Any) -> None:
    """An OAuth 2 provider that speaks no OpenID Connect."""
    from ops.organizations.connecting import Wanted

    wanted = Wanted(name, "oauth2", *_given(given), **wanted_terms(given))
    print_one(asked(slug, lambda connecting: connecting.add(wanted)), as_json=as_json)


@click.command("oauth2")
@NAME
@_values(adding=False)
@terms(adding=False)
@AS_JSON
@click.pass_obj
def change_oauth2(slug: str, /, name: str, *, as_json: bool, **given: Any) -> None:
    """An OAuth 2 provider that speaks no OpenID Connect.

    With another token or user API, its client secret has to be given again.
    """
    from ops.organizations.reconnecting import Changed

    print_changed(slug, Changed(name, "oauth2", *_given(given), **changed_terms(given)), as_json=as_json)


def _given(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings and secrets, as the module takes them."""
    settings = with_pairs([(name, value) for name, value in options.items() if name not in TERMS | {"secret_file"}])
    return settings, {"client_secret": secret_from(options["secret_file"])} if options["secret_file"] else {}
