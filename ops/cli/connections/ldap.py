"""`imprint connections add|change SLUG ldap NAME`."""

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
    urls = "ldaps://host, or ldap://host with StartTLS; several: one after the other."
    return stacked(
        click.option("--email-trusted/--no-email-trusted", default=None, help="Whether its addresses count as verified; they do without it."),
        click.option("--seconds", type=int, help="How long one server is waited for."),
        click.option("--nested", type=int, help="How deep groups in groups are followed."),
        click.option("--group-base", metavar="DN", help="Below which entry groups stand; the base DN where it is left out."),
        click.option(
            "--group-filter", metavar="FILTER", help="Instead: how groups are found, with {dn} or {username} for the member, like (member={dn})."
        ),
        click.option("--groups-attribute", help="Where an entry names its groups, like memberOf."),
        click.option("--username-attribute"),
        click.option("--name-attribute"),
        click.option("--email-attribute"),
        click.option("--id-attribute", help="What never becomes another's, like entryUUID or objectGUID."),
        click.option("--ca-file", type=_FILE, help="PEM of the authority that signed the servers' certificates."),
        click.option("--bind-password-file", "secret_file", type=_FILE, help="A file with its password."),
        click.option("--bind-dn", metavar="DN", help="The account that searches; without, anonymously."),
        click.option("--user-dn", metavar="DN", help="Instead: the entry's own name, like uid={login},ou=people,dc=example,dc=com."),
        click.option(
            "--user-filter", metavar="FILTER", help="How one is found, with {login} for what was typed, like (|(uid={login})(mail={login}))."
        ),
        click.option("--base-dn", required=adding, metavar="DN", help="Below which entry people stand."),
        click.option("--url", "urls", multiple=True, required=adding, metavar="URL", help=urls),
    )


@click.command("ldap")
@NAME
@_values(adding=True)
@terms(adding=True)
@AS_JSON
@click.pass_obj
def add_ldap(slug: str, /, name: str, *, as_json: bool, **given: Any) -> None:
    """A directory."""
    from ops.organizations.connecting import Wanted

    wanted = Wanted(name, "ldap", *_given(given), **wanted_terms(given))
    print_one(asked(slug, lambda connecting: connecting.add(wanted)), as_json=as_json)


@click.command("ldap")
@NAME
@_values(adding=False)
@click.option("--no-ca", is_flag=True, help="Trust the authorities that this machine trusts.")
@terms(adding=False)
@AS_JSON
@click.pass_obj
def change_ldap(slug: str, /, name: str, *, no_ca: bool, as_json: bool, **given: Any) -> None:
    """A directory.

    With other servers, or another authority, its bind password has to be given again.
    """
    from ops.organizations.reconnecting import Changed

    settings, secrets = _given(given)
    if no_ca and "ca" in settings:
        raise click.UsageError("--ca-file and --no-ca exclude each other: give the authority that is to be trusted, or none")
    print_changed(slug, Changed(name, "ldap", settings | ({"ca": ""} if no_ca else {}), secrets, **changed_terms(given)), as_json=as_json)


def _given(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Settings and secrets, as the module takes them."""
    urls, ca, secret = options["urls"], options["ca_file"], options["secret_file"]
    plain = [(name, value) for name, value in options.items() if name not in TERMS | {"urls", "ca_file", "secret_file"}]
    settings = with_pairs([("urls", " ".join(urls) if urls else None), *plain, ("ca", ca.read_text("utf-8", "replace") if ca else None)])
    return settings, {"bind_password": secret_from(secret)} if secret else {}
