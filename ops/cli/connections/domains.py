"""`imprint connections domains`."""

from __future__ import annotations

import rich_click as click

from ops.cli.boundary import say
from ops.cli.connections.arguments import AS_JSON, SLUG, asked
from ops.cli.printing import print_json, print_record, print_table

COLUMNS = ("domain", "verified_at", "record")


@click.command("domains")
@SLUG
@click.argument("action", type=click.Choice(("add", "verify", "remove", "list")))
@click.argument("domain", required=False)
@AS_JSON
def domains(slug: str, action: str, domain: str | None, *, as_json: bool) -> None:
    """Domains of e-mail addresses that are the organization's own: only people at one come in by their address, or are provisioned.

    `add` prints the TXT record that proves the domain, `verify` looks for it: at the system's resolvers, or those that
    IMPRINT_DNS_SERVERS names.
    """
    if action == "list":
        if domain is not None:
            raise click.UsageError("list takes no DOMAIN")
        rows = asked(slug, lambda connecting: connecting.email_domains())
        print_json(rows) if as_json else print_table([_flat(row) for row in rows], COLUMNS)
        return
    if domain is None:
        raise click.UsageError(f"{action} takes a DOMAIN: imprint connections domains SLUG {action} DOMAIN")
    found = asked(slug, lambda connecting: connecting.change_email_domain(action, domain))
    if "record" in found:
        say(f"create this TXT record, then run: imprint connections domains {slug} verify {found['domain']}")
    print_json(found) if as_json else print_record(_flat(found))


def _flat(row: dict[str, object]) -> dict[str, object]:
    record = row.get("record")
    return {**row, "record": "{name} {type} {value}".format(**record)} if isinstance(record, dict) else row
