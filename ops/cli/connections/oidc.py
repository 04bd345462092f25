"""`imprint connections add SLUG oidc NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from ops.cli.connections.arguments import AS_JSON, NAME, asked, print_one, secret_from, terms, wanted_terms, with_pairs

CLAIMS = ("email_claim", "name_claim", "username_claim", "groups_claim")


@click.command("oidc")
@NAME
@click.option("--issuer", metavar="URL", help="The provider's address, without /.well-known/openid-configuration.")
@click.option("--client-id", required=True, help="What the provider calls this application.")
@click.option(
    "--client-secret-file", "secret_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file that holds the secret."
)
@click.option(
    "--private-key-file",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A private JWK instead: the client proves itself with it (private_key_jwt).",
)
@click.option("--preset", type=click.Choice(["google", "entra", "okta", "gitlab"]), help="Settings of a known provider.")
@click.option(
    "--authentication", help="client_secret_basic, client_secret_post, private_key_jwt or none; without it as the provider's configuration says."
)
@click.option("--scopes", help="With spaces between.")
@click.option("--email-claim", help="The claim that holds the person's address.")
@click.option("--name-claim", help="The claim that holds the person's name.")
@click.option("--username-claim", help="The claim that holds the person's username.")
@click.option("--groups-claim", help="The claim that holds the person's groups.")
@click.option("--email-trusted", is_flag=True, default=None, help="Its addresses count as verified although it does not say so.")
@click.option("--userinfo", is_flag=True, default=None, help="Ask the provider's user info address, too.")
@terms
@AS_JSON
@click.pass_obj
def add_oidc(slug: str, /, name: str, *, secret_file: Path | None, key_file: Path | None, as_json: bool, **given: Any) -> None:
    """An OpenID provider."""
    names = ("issuer", "client_id", "preset", "authentication", "scopes", *CLAIMS, "email_trusted", "userinfo")
    settings = with_pairs([(one, given[one]) for one in names])
    secrets = {"client_secret": secret_from(secret_file)} if secret_file else {"private_key": secret_from(key_file)} if key_file else {}
    if key_file and "authentication" not in settings:
        settings["authentication"] = "private_key_jwt"
    print_one(_added(slug, name, settings, secrets, wanted_terms(given)), as_json=as_json)


def _added(slug: str, name: str, settings: dict[str, Any], secrets: dict[str, str], rest: dict[str, Any]) -> dict[str, Any]:
    from ops.organizations.connecting import Wanted

    return asked(slug, lambda connecting: connecting.add(Wanted(name, "oidc", settings, secrets, **rest)))
