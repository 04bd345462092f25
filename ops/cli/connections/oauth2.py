"""`imprint connections add SLUG oauth2 NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from ops.cli.connections.arguments import AS_JSON, NAME, asked, print_one, secret_from, terms, wanted_terms, with_pairs


@click.command("oauth2")
@NAME
@click.option("--client-id", required=True, help="What the provider calls this application.")
@click.option(
    "--client-secret-file", "secret_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file that holds the secret."
)
@click.option("--preset", type=click.Choice(["github"]), help="Settings of a known provider.")
@click.option("--authorize-url", metavar="URL", help="Where the browser is sent.")
@click.option("--token-url", metavar="URL", help="Where the code is exchanged.")
@click.option("--userinfo-url", metavar="URL", help="The user API that says who it is.")
@click.option("--emails-url", metavar="URL", help="Where the person's addresses are listed, each with whether it is verified.")
@click.option("--authentication", help="client_secret_post, client_secret_basic or none.")
@click.option("--scopes", help="With spaces between.")
@click.option("--id-field", help="The field of the user API's answer that never becomes another person's.")
@click.option("--email-field")
@click.option("--email-verified-field", help="The field that is true where the address is verified.")
@click.option("--username-field")
@click.option("--name-field")
@click.option("--groups-field")
@terms
@AS_JSON
@click.pass_obj
def add_oauth2(slug: str, /, name: str, *, secret_file: Path | None, as_json: bool, **given: Any) -> None:
    """An OAuth 2 provider that speaks no OpenID Connect."""
    from ops.organizations.connecting import Wanted

    rest = wanted_terms(given)
    settings = with_pairs([(one, value) for one, value in given.items() if one not in {*rest, "mapped"}])
    secrets = {"client_secret": secret_from(secret_file)} if secret_file else {}
    print_one(asked(slug, lambda connecting: connecting.add(Wanted(name, "oauth2", settings, secrets, **rest))), as_json=as_json)
