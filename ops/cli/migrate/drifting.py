"""`imprint migrate drift`."""

from __future__ import annotations

import asyncio
import os

import rich_click as click

from ops.cli.boundary import FAILED, say
from ops.cli.printing import print_json


@click.command("drift")
@click.option("--tenants", default="*", show_default=True, metavar="GLOB", help="Only organizations whose slug matches; nothing else is looked at.")
@click.option("--json", "as_json", is_flag=True, help="Print an array of what differs.")
def drift(*, tenants: str, as_json: bool) -> int:
    """Compare every schema with what its revision makes, and name each difference; exit 1 on any.

    Looks at the organizations' schemas, the stock's, control, and at schemas and roles that belong to nobody. Nothing is
    changed. Indexes still to be built and organizations of a later release are said on stderr and are no difference.

    JSON: [{slug, schema, revision, differences: [{kind, name, expected, found}]}], only for schemas with differences; slug
    is null for the stock and for what belongs to nobody, "control" for the control schema; expected is null for what should
    not be there, found for what is missing. In definitions __tenant__ and __role__ stand for the organization's own names.
    """
    from migrations.drift import drift as compare
    from ops.settings import admin_settings

    findings = asyncio.run(compare(admin_settings(os.environ), tenants, say))
    for line in findings.said:
        say(line)
    if as_json:
        print_json([drifted.as_json() for drifted in findings.drifted])
    else:
        for drifted in findings.drifted:
            for line in drifted.lines():
                click.echo(line)
        count = sum(len(drifted.differences) for drifted in findings.drifted)
        say(f"{findings.compared} schemas compared, {count or 'no'} {'difference' if count == 1 else 'differences'}")
    if findings.drifted:
        say("bring each back to what it should be, as the owner role, or write a revision that makes it so everywhere; then run this again")
    return FAILED if findings.drifted else 0


COMMANDS = (drift,)
