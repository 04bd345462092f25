"""`imprint tenants domains`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import rich_click as click

from ops.cli.boundary import say
from ops.cli.printing import print_json, print_record, print_table

COLUMNS = ("host", "verified", "verified_at", "created_at")
DNS_SERVERS = "IMPRINT_DNS_SERVERS"


@click.command("domains")
@click.argument("slug")
@click.argument("action", type=click.Choice(("add", "verify", "remove", "list")))
@click.argument("host", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one object; an array for list.")
def domains(slug: str, action: str, host: str | None, *, as_json: bool) -> None:
    """Hosts of its own for an organization: claimed, proven, served.

    `add` prints the TXT record that proves the host, `verify` looks for it and serves the host from then on until it is
    removed. It asks the system's resolvers, or those that IMPRINT_DNS_SERVERS names (address:port, comma separated).
    """
    if (host is None) is not (action == "list"):
        raise click.UsageError("list takes no HOST, the others take one: imprint tenants domains SLUG add|verify|remove HOST")
    found = asyncio.run(_do(slug, action, host or ""))
    if as_json:
        print_json(found)
    elif isinstance(found, list):
        print_table(found, COLUMNS)
    else:
        print_record(found | ({"record": "{name} {type} {value}".format(**found["record"])} if "record" in found else {}))


async def _do(slug: str, action: str, host: str) -> dict[str, Any] | list[dict[str, Any]]:
    from ops.organizations.particulars import as_shown
    from ops.settings import admin_settings
    from tenants.lifecycle import domains as lifecycle

    settings = admin_settings(os.environ)
    if action == "list":
        return [as_shown(domain) for domain in await lifecycle.all_of(settings, slug)]
    if action == "remove":
        name, was_there = await lifecycle.remove(settings, slug, host)
        if not was_there:
            say(f"{slug} had no host {name}: imprint tenants domains {slug} list shows those it has")
        return {"host": name, "removed": was_there}
    if action == "add":
        domain = await lifecycle.add(settings, slug, host)
        say(f"create this TXT record, then run: imprint tenants domains {slug} verify {domain.host}")
        return as_shown(domain)
    from tenants.lifecycle.records import DnsRecords, servers_from

    return as_shown(await lifecycle.verify(settings, slug, host, DnsRecords(servers_from(os.environ.get(DNS_SERVERS, "")))))


COMMANDS = (domains,)
