"""What `imprint migrate up|down|stamp` can be asked for, and what is no sensible answer to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rich_click as click

if TYPE_CHECKING:
    from migrations.waves import WaveSize

A_DAY = 86_400.0


class Seconds(click.FloatRange):
    """So many seconds, at most a day."""

    name = "seconds"

    def __init__(self, least: float) -> None:
        super().__init__(least, A_DAY)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):  # outside of no range
            self.fail(f"{value!r} is no number of seconds", param, ctx)
        return number


def _seconds(name: str, default: float, says: str, *, least: float = 0.0) -> Callable[..., Any]:
    return click.option(name, default=default, show_default=bool(default), type=Seconds(least), metavar="SECONDS", help=says)


def _wave(_ctx: click.Context, _parameter: click.Parameter, value: str | None) -> WaveSize | None:
    from migrations.waves import WaveSize
    from tenants.errors import ValidationFailed

    try:
        return None if value is None else WaveSize.parse(value)
    except ValidationFailed as error:
        raise click.BadParameter(error.fields["wave"]) from None


JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
WHICH = click.option("--tenants", default="*", metavar="GLOB", help="Only organizations whose slug matches, e.g. 'a*'.")
WAIT = _seconds("--wait", 0.0, "How long to wait for another run to end.")

_WAVES = (
    click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 64), help="How many tenants at once."),
    click.option(
        "--wave", callback=_wave, metavar="N|P%", help="Canary first, then so many tenants, or so many of a hundred, before looking how it went."
    ),
    click.option("--canary", default="", metavar="GLOB", help="Who is in the first wave; with --wave alone, the first organization by slug."),
    click.option("--keep-going", is_flag=True, help="Go on with the next wave although some failed."),
    click.option(
        "--halt-at", default=20, show_default=True, type=click.IntRange(0, 100), metavar="P", help="Stop when more per cent fail or meet locks."
    ),
)
_EACH_TENANT = (
    _seconds("--patience", 60.0, "How long to try again where others hold a tenant's locks."),
    _seconds("--budget", 10.0, "The most that a tenant's transaction may take.", least=0.01),
    click.option(
        "--index-rows",
        default=10_000,
        show_default=True,
        type=click.IntRange(0),
        metavar="N",
        help="Tables with more rows get their indexes built beside the work.",
    ),
    _seconds("--index-patience", 60.0, "How long such a build waits for one who is in its way."),
)
_SHOWN = (
    click.option("--unchecked", is_flag=True, help="Also revisions in which `migrate check` finds something."),
    WAIT,
    click.option("--dry-run", is_flag=True, help="Show the plan; change nothing."),
    click.option("--sql", "as_sql", is_flag=True, help="Print the SQL that would be sent, for psql; change nothing."),
    JSON,
)


def how(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `up` and `down` share."""
    for option in reversed((WHICH, *_WAVES, *_EACH_TENANT, *_SHOWN)):
        command = option(command)
    return command
