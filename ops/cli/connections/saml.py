"""`imprint connections add|change SLUG saml NAME`, and what is done with our own certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from ops.cli.connections.arguments import (
    AS_JSON,
    NAME,
    SLUG,
    TERMS,
    asked,
    changed_terms,
    print_changed,
    print_one,
    stacked,
    terms,
    wanted_terms,
    with_pairs,
)

ATTRIBUTES = ("email", "name", "username", "groups", "subject")
_CERTIFICATE = click.option(
    "--certificate-file",
    "certificate_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The provider's certificate, without metadata; several during a rollover.",
)
_ENTITY = "Which provider, where the metadata holds several; or what the provider calls itself, without metadata."
_VALUES = stacked(
    click.option("--clock-skew", type=int, help="By how many seconds clocks may differ; 60 without it."),
    click.option("--idp-initiated/--no-idp-initiated", default=None, help="Whether people may begin at the provider, too."),
    click.option("--want-encrypted/--no-want-encrypted", default=None, help="Whether only encrypted assertions are taken."),
    click.option("--sign-requests/--no-sign-requests", default=None, help="Without it as the metadata wants."),
    click.option("--name-id-format", help="The format that is asked for; without it what the metadata offers."),
    click.option("--attribute", "attributes", multiple=True, metavar="WHAT=NAME", help=f"The provider's name of one of {', '.join(ATTRIBUTES)}."),
    _CERTIFICATE,
    click.option("--slo-url", metavar="URL", help="Where people sign out, without metadata."),
    click.option("--sso-url", metavar="URL", help="Where people sign in, without metadata."),
    click.option("--entity-id", help=_ENTITY),
    click.option("--metadata", metavar="FILE|URL", help="The provider's metadata; read again at its address, if it has one."),
)


@click.command("saml")
@NAME
@_VALUES
@terms(adding=True)
@AS_JSON
@click.pass_obj
def add_saml(slug: str, /, name: str, *, as_json: bool, **given: Any) -> None:
    """A SAML 2.0 provider."""
    from ops.organizations.connecting import Wanted

    wanted = Wanted(name, "saml", _given(given), **wanted_terms(given))
    print_one(asked(slug, lambda connecting: connecting.add(wanted)), as_json=as_json)


@click.command("saml")
@NAME
@_VALUES
@click.option("--keep-certificates", is_flag=True, help="Those of the provider that are believed stay beside the ones that are given.")
@terms(adding=False)
@AS_JSON
@click.pass_obj
def change_saml(slug: str, /, name: str, *, keep_certificates: bool, as_json: bool, **given: Any) -> None:
    """A SAML 2.0 provider.

    Metadata that is given takes the place of what the last one said, and has to be of the same provider, unless --entity-id names another.
    An empty NAME of an attribute: one of the usual ones again.
    """
    from ops.organizations.reconnecting import Changed

    settings = _given(given)
    if keep_certificates and not {"metadata", "metadata_url", "certificates"} & settings.keys():
        raise click.UsageError("--keep-certificates goes with --metadata or --certificate-file: beside those they stay")
    wanted = Changed(name, "saml", settings, keep_certificates=keep_certificates, **changed_terms(given))
    print_changed(slug, wanted, as_json=as_json)


@click.command("certificate")
@SLUG
@NAME
@click.argument("step", type=click.Choice(["prepare", "switch", "drop"]))
@AS_JSON
def certificate(slug: str, name: str, step: str, *, as_json: bool) -> None:
    """Renew our own certificate of a SAML connection.

    prepare publishes the next one in our metadata; when the provider has read it, switch uses it; drop forgets the one before.
    """
    print_one(asked(slug, lambda connecting: connecting.renew(name, step)), as_json=as_json)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Settings, as the module takes them."""
    apart = {"metadata", "certificate_files", "attributes"}
    settings = with_pairs([(name, value) for name, value in options.items() if name not in TERMS | apart])
    settings |= _attributes(options["attributes"]) | _metadata(options["metadata"])
    if options["certificate_files"]:
        settings["certificates"] = [path.read_text("utf-8", "replace") for path in options["certificate_files"]]
    return settings


def _metadata(given: str | None) -> dict[str, str]:
    if given is None:
        return {}
    if given.startswith(("https://", "http://")):
        return {"metadata_url": given}
    path = Path(given)
    if not path.is_file():
        raise click.UsageError(f"--metadata takes a file or an address that begins with https://; there is no file {given!r}")
    return {"metadata": path.read_text("utf-8", "replace")}


def _attributes(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        what, equals, name = pair.partition("=")
        if not equals or what not in ATTRIBUTES:
            raise click.UsageError(f"--attribute takes WHAT=NAME, with one of {', '.join(ATTRIBUTES)}; not {pair!r}")
        found[f"attribute_{what}"] = name
    return found
