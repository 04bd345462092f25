"""`imprint secrets`."""

from __future__ import annotations

import asyncio
import os

import rich_click as click

from ops.cli.boundary import FAILED, say
from ops.cli.printing import print_json


@click.group("secrets")
def command() -> None:
    """The keys under which everything secret and personal is encrypted."""


@command.command("rotate")
@click.option("--tenant-keys", "which", is_flag=False, flag_value="*", metavar="[SLUG]", help="Renew the key of one organization too, or of all.")
@click.option("--wait", type=click.FloatRange(0), help="Seconds that servers and workers are given to hear of a new key (30).")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def rotate(which: str | None, wait: float | None, *, as_json: bool) -> int | None:
    """Bring everything under the first key of IMPRINT_SECRET_KEY, while the system is used.

    \b
    To change the installation's key:
      1. add the new key behind the old one (old,new) and restart servers and workers, one after the other;
      2. put it first (new,old) and restart them again;
      3. run this;
      4. when `imprint doctor` says that nothing is under the old key, remove it and restart.

    With --tenant-keys, organizations' own keys are renewed as well: people's keys are wrapped anew, and addresses are found by
    new blind indexes. Killed in the middle, run it again: it finishes what was begun, also without --tenant-keys.
    """  # noqa: D301 - click's own mark
    from ops.rotating import HEARD_WITHIN
    from ops.rotating import rotate as rotate_secrets
    from ops.settings import admin_settings

    done = asyncio.run(rotate_secrets(admin_settings(os.environ), which, wait=HEARD_WITHIN if wait is None else wait, say=say))
    if as_json:
        print_json(done.as_json())
    else:
        click.echo(f"wrapped anew: {done.organizations} organizations' keys, {done.signing_keys} signing keys; renewed: {len(done.tenant_keys)}")
    return FAILED if done.failed else None
