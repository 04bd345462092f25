"""`imprint connections add|change SLUG oidc NAME`."""

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
_PROOF = "client_secret_basic, client_secret_post, private_key_jwt or none; without it as the provider's configuration says."


def _values(*, adding: bool) -> Callable[[Command], Command]:
    return stacked(
        click.option("--userinfo/--no-userinfo", default=None, help="Whether the provider's user info address is asked, too."),
        click.option("--email-trusted/--no-email-trusted", default=None, help="Whether its addresses count as verified although it does not say so."),
        click.option("--groups-claim", help="The claim that holds the person's groups."),
        click.option("--username-claim", help="The claim that holds the person's username."),
        click.option("--name-claim", help="The claim that holds the person's name."),
        click.option(
            "--email-claim",
            help="The claim that holds the person's address; of any but email no provider says that it is verified, see --email-trusted.",
        ),
        click.option("--scopes", help="With spaces between."),
        click.option("--authentication", help=_PROOF),
        click.option("--private-key-file", "key_file", type=_FILE, help="A private JWK instead: the client proves itself with it (private_key_jwt)."),
        click.option("--client-secret-file", "secret_file", type=_FILE, help="A file that holds the secret."),
        click.option("--client-id", required=adding, help="What the provider calls this application."),
        click.option("--issuer", metavar="URL", help="The provider's address, without /.well-known/openid-configuration."),
    )


@click.command("oidc")
@NAME
@_values(adding=True)
@click.option("--preset", type=click.Choice(["google", "entra", "okta", "gitlab"]), help="Settings of a known provider.")
@terms(adding=True)
@AS_JSON
@click.pass_obj
def add_oidc(slug: str, /, name: str, *, as_json: bool, **given: Any) -> None:
    """An OpenID provider."""
    from ops.organizations.connecting import Wanted

    wanted = Wanted(name, "oidc", *_given(given), **wanted_terms(given))
    print_one(asked(slug, lambda connecting: connecting.add(wanted)), as_json=as_json)


@click.command("oidc")
@NAME
@_values(adding=False)
@terms(adding=False)
@AS_JSON
@click.pass_obj
def change_oidc(slug: str, /, name: str, *, as_json: bool, **given: Any) -> None:
    """An OpenID provider.

    With another issuer, its client secret has to be given again. People stay who they are here by the ids that the provider gives them.
    """
    from ops.organizations.reconnecting import Changed

    print_changed(slug, Changed(name, "oidc", *_given(given), **changed_terms(given)), as_json=as_json)


def _given(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings and secrets, as the module takes them."""
    secret, key = options["secret_file"], options["key_file"]
    if secret and key:
        raise click.UsageError("--client-secret-file and --private-key-file exclude each other: the client proves itself by one of them")
    settings = with_pairs([(name, value) for name, value in options.items() if name not in TERMS | {"secret_file", "key_file"}])
    if key:
        settings.setdefault("authentication", "private_key_jwt")
    return settings, {"client_secret": secret_from(secret)} if secret else {"private_key": secret_from(key)} if key else {}
