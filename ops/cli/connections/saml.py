"""`imprint connections add SLUG saml NAME`, and what is done with our own certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from ops.cli.connections.arguments import AS_JSON, NAME, SLUG, asked, print_one, terms, wanted_terms, with_pairs

ATTRIBUTES = ("email", "name", "username", "groups", "subject")


@click.command("saml")
@NAME
@click.option("--metadata", metavar="FILE|URL", help="The provider's metadata; read again at its address, if it has one.")
@click.option("--entity-id", help="Which provider, where the metadata holds several; or what the provider calls itself, without metadata.")
@click.option("--sso-url", metavar="URL", help="Where people sign in, without metadata.")
@click.option("--slo-url", metavar="URL", help="Where people sign out, without metadata.")
@click.option(
    "--certificate-file",
    "certificate_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The provider's certificate, without metadata; several during a rollover.",
)
@click.option("--attribute", "attributes", multiple=True, metavar="WHAT=NAME", help=f"The provider's name of one of {', '.join(ATTRIBUTES)}.")
@click.option("--name-id-format", help="The format that is asked for; without it what the metadata offers.")
@click.option("--sign-requests/--no-sign-requests", default=None, help="Without it as the metadata wants.")
@click.option("--want-encrypted", is_flag=True, default=None, help="Take encrypted assertions only.")
@click.option("--idp-initiated", is_flag=True, default=None, help="Let people begin at the provider, too.")
@click.option("--clock-skew", type=int, help="By how many seconds clocks may differ; 60 without it.")
@terms
@AS_JSON
@click.pass_obj
def add_saml(
    slug: str, /, name: str, *, metadata: str | None, certificate_files: tuple[Path, ...], attributes: tuple[str, ...], as_json: bool, **given: Any
) -> None:
    """A SAML 2.0 provider."""
    names = ("entity_id", "sso_url", "slo_url", "name_id_format", "sign_requests", "want_encrypted", "idp_initiated", "clock_skew")
    settings = with_pairs([(one, given[one]) for one in names]) | _attributes(attributes) | _metadata(metadata)
    if certificate_files:
        settings["certificates"] = [path.read_text("utf-8", "replace") for path in certificate_files]
    print_one(_added(slug, name, settings, wanted_terms(given)), as_json=as_json)


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
        if not equals or not name or what not in ATTRIBUTES:
            raise click.UsageError(f"--attribute takes WHAT=NAME, with one of {', '.join(ATTRIBUTES)}; not {pair!r}")
        found[f"attribute_{what}"] = name
    return found


def _added(slug: str, name: str, settings: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    from ops.organizations.connecting import Wanted

    return asked(slug, lambda connecting: connecting.add(Wanted(name, "saml", settings, **rest)))
