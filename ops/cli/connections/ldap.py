"""`imprint connections add SLUG ldap NAME`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from ops.cli.connections.arguments import AS_JSON, NAME, asked, print_one, secret_from, terms, wanted_terms, with_pairs


@click.command("ldap")
@NAME
@click.option(
    "--url", "urls", multiple=True, required=True, metavar="URL", help="ldaps://host, or ldap://host with StartTLS; several: one after the other."
)
@click.option("--base-dn", required=True, metavar="DN", help="Below which entry people stand.")
@click.option("--user-filter", metavar="FILTER", help="How one is found, with {login} for what was typed, like (|(uid={login})(mail={login})).")
@click.option("--user-dn", metavar="DN", help="Instead: the entry's own name, like uid={login},ou=people,dc=example,dc=com.")
@click.option("--bind-dn", metavar="DN", help="The account that searches; without, anonymously.")
@click.option("--bind-password-file", "secret_file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file with its password.")
@click.option(
    "--ca-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM of the authority that signed the servers' certificates."
)
@click.option("--id-attribute", help="What never becomes another's, like entryUUID or objectGUID.")
@click.option("--email-attribute")
@click.option("--name-attribute")
@click.option("--username-attribute")
@click.option("--groups-attribute", help="Where an entry names its groups, like memberOf.")
@click.option("--group-filter", metavar="FILTER", help="Instead: how groups are found, with {dn} or {username} for the member, like (member={dn}).")
@click.option("--group-base", metavar="DN", help="Below which entry groups stand; the base DN where it is left out.")
@click.option("--nested", type=int, help="How deep groups in groups are followed.")
@click.option("--seconds", type=int, help="How long one server is waited for.")
@terms
@AS_JSON
@click.pass_obj
def add_ldap(slug: str, /, name: str, *, urls: tuple[str, ...], secret_file: Path | None, ca_file: Path | None, as_json: bool, **given: Any) -> None:
    """A directory."""
    from ops.organizations.connecting import Wanted

    rest = wanted_terms(given)
    plain = [(one, value) for one, value in given.items() if one not in {*rest, "mapped"}]
    settings = with_pairs([("urls", " ".join(urls)), *plain, ("ca", ca_file.read_text("utf-8") if ca_file else None)])
    secrets = {"bind_password": secret_from(secret_file)} if secret_file else {}
    print_one(asked(slug, lambda connecting: connecting.add(Wanted(name, "ldap", settings, secrets, **rest))), as_json=as_json)
