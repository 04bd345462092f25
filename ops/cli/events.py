"""`imprint events`."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from ops.cli.boundary import DONE, FAILED, say
from ops.cli.database import on_database
from ops.cli.printing import print_json

if TYPE_CHECKING:
    from ops.events.verifying import Verified

MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"])


@click.group("events")
def command() -> None:
    """What happened in organizations: prove it, watch it, make projections of it again."""


@command.command("verify")
@click.argument("slug", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print an array of {slug, aggregates, events, differences, chain, anchor, bypassed}.")
def verify(slug: str | None, *, as_json: bool) -> int:
    """Replay every aggregate and compare it with its row, field by field; check the chain of hashes.

    The latest anchor is held against the history as well. Without SLUG, of every organization. Ends with 1 where anything differs.
    Changes that came past the application are listed with what differs; by themselves they are no difference.
    """
    from ops.events.verifying import verify_all

    found = on_database(lambda database, settings: verify_all(database, settings, slug))
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        for one in found:
            _print(one)
    return DONE if all(one.clean for one in found) else FAILED


def _print(one: Verified) -> None:
    for line in one.lines():
        click.echo(line)


@command.command("anchor")
@click.argument("slug", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print an array of {slug, number, made_at, aggregates, events, error}.")
def anchor(slug: str | None, *, as_json: bool) -> int:
    """Note, signed and out of the organization's reach, how far its history goes, so that a cut end or a removed aggregate shows in verify.

    The worker does so once a day for those to whose history something was added. Without SLUG, for every organization.
    """
    from ops.events.anchoring import anchor_all
    from tenants.errors import Refusal

    found = on_database(lambda database, settings: anchor_all(database, settings, slug))
    refused = {one: result for one, result in found.items() if isinstance(result, Refusal)}
    if as_json:
        nothing = {"number": None, "made_at": None, "aggregates": None, "events": None}
        print_json(
            [
                {"slug": one, **nothing, "error": f"{result.message} [{result.code}]"}
                if isinstance(result, Refusal)
                else {"slug": one, **{name: getattr(result, name) for name in nothing}, "error": None}
                for one, result in found.items()
            ]
        )
    else:
        for one, result in found.items():
            click.echo(f"{one}: {result.message}" if isinstance(result, Refusal) else f"{one}: anchor {result.number}, {result.events} events")
    return FAILED if refused else DONE


@command.command("tail")
@click.argument("slug")
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens next, until Ctrl-C.")
@click.option("--lines", "-n", default=20, show_default=True, type=click.IntRange(0, 10_000), help="How many of the newest to begin with.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def tail(slug: str, *, follow: bool, lines: int, as_json: bool) -> None:
    """The newest events of an organization, oldest first. What is personal in them is sealed, and shown so."""
    from ops.events.tailing import tail as tail_events

    def show(line: str) -> None:
        click.echo(line)

    on_database(lambda database, settings: tail_events(database, settings, slug, lines, show, follow=follow, as_json=as_json))


@command.command("export")
@click.argument("slug")
@click.option("--format", "format_", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--since", type=MOMENT, help="From this moment on, ISO 8601; without an offset in UTC.")
@click.option("--until", type=MOMENT, help="Up to this moment, without it.  [default: now]")
@click.option("--type", "types", multiple=True, help="Only what has this type (PostPublished); may be given several times.")
@click.option("--to", "path", type=click.Path(dir_okay=False, path_type=Path), help="A file, readable for you alone.  [default: stdout]")
def export(slug: str, format_: str, since: datetime | None, until: datetime | None, types: tuple[str, ...], path: Path | None) -> None:
    """The audit log of an organization, oldest entry first: its events, and what came past the application. What is encrypted is only named."""
    from app.management.trail import BEGINNING, Format, Wanted
    from ops.events.exporting import export as export_trail

    wanted = Wanted(Format(format_), _utc(since) or BEGINNING, _utc(until), types)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") if path else nullcontext(sys.stdout.buffer) as to:
        on_database(lambda database, settings: export_trail(database, settings, slug, wanted, to))


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


@command.command("rebuild")
@click.argument("slug")
@click.argument("projection")
def rebuild(slug: str, projection: str) -> None:
    """Make a projection of an organization again from its events and rows, while it is at work.

    PROJECTION: publication_counts (how many posts of each author are published), search (what full-text search reads of posts),
    former_slugs (which addresses lead to posts that left them) or engagement (views, likes and shares, what is popular and what trends).

    What cannot be made again stays as it is: views and shares of days that are 90 or more days ago, whose raw rows are gone.
    Notifications are no projection: whoever has read or removed one would see it again.
    """
    from ops.events.rebuilding import rebuild as rebuild_projection

    on_database(lambda database, settings: rebuild_projection(database, settings, slug, projection))
    say(f"{slug}: {projection} is made again")
