"""`imprint secrets rotate`: everything under the installation's first key, and organizations' own keys renewed, while all of it is used."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.comments.resealing import PROTECTED as GUESTS
from app.users.resealing import PROTECTED as PEOPLE
from auth.operators import resealing as operators
from auth.realms.key import RealmKey
from auth.resealing import PROTECTED as SIGNING_IN
from auth.signing import SigningKeys
from tenants import audit
from tenants.anchoring import sign_again
from tenants.database import AdminConnection, Database, connect_as_admin
from tenants.errors import NotFound, Refusal
from tenants.lifecycle.entries import require_control
from tenants.registry import TRUSTED_SECONDS, Registry
from tenants.rotation import installation, phases
from tenants.rotation.installation import KeysMissing
from tenants.rotation.lock import rotating_alone
from tenants.rotation.phases import Standing
from tenants.rotation.resealing import reseal
from tenants.secrets import Keyring, Undecipherable
from tenants.settings import TenantSettings

PROTECTED = (*PEOPLE, *GUESTS, *SIGNING_IN)
HEARD_WITHIN = TRUSTED_SECONDS + 20
"""Seconds after which no request uses what was known before: every process has asked again, and what began before has ended."""
EVERY_ORGANIZATION = "*"
TELL_EVERY = 5.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rotated:
    """`organizations` and `signing_keys` were wrapped anew; `tenant_keys` were renewed; `failed` says by slug what stopped a renewal."""

    organizations: int
    signing_keys: int
    tenant_keys: list[str]
    failed: list[dict[str, str]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def rotate(settings: TenantSettings, which: str | None, *, wait: float, say: Say) -> Rotated:
    """`which`: a slug or EVERY_ORGANIZATION, whose own keys are renewed; None: only what an earlier run left unfinished is finished.

    `wait`: seconds that processes are given to hear of a new key. Raises KeysMissing, NotFound, RotationRunning, NeverMigrated.
    """
    async with connect_as_admin(settings.admin_database_url, "imprint-secrets") as admin, Database(settings, connections=2) as database:
        await require_control(admin)
        async with rotating_alone(admin):
            wrapped, signing = await _under_the_first_key(settings, admin, database, say)
            chosen = await _chosen(admin, settings.owner_role, which)
            done, failed = await _renew(settings, admin, database, chosen, wait, say) if chosen else ([], [])
    return Rotated(wrapped, signing, done, failed)


async def _under_the_first_key(settings: TenantSettings, admin: AdminConnection, database: Database, say: Say) -> tuple[int, int]:
    """All that the installation's key protects; looked at before anything is changed."""
    keyring, owner = Keyring(settings.secret_keys), settings.owner_role
    signing = SigningKeys(database, keyring, overlap=0)
    async with admin.transaction(owner):
        found = installation.outdated(await admin.rows(installation.WRAPPED), keyring)
    try:
        outdated = [*await signing.outdated(), *await operators.outdated(database, keyring)]
        await RealmKey(database, keyring).outdated()
    except Undecipherable:
        raise KeysMissing(
            "A key that signs access tokens, an operator's second factor, or the key that finds people by address opens with none of the keys "
            "given. Put the one it was made with into IMPRINT_SECRET_KEY, behind the new one, and run this again. Nothing was changed."
        ) from None
    await sign_again(database, keyring)
    await RealmKey(database, keyring).rewrap()
    if not found and not outdated:
        return 0, 0
    rewrapped = await signing.rewrap()
    await operators.rewrap(database, keyring)
    async with admin.transaction(owner):
        wrapped = await installation.rewrap(admin, found)
        await audit.record(admin, "secrets.rotated", None, None, organizations=wrapped, signing_keys=rewrapped)
    say(f"{wrapped} organizations' keys and {rewrapped} signing keys are under the first key now")
    return wrapped, rewrapped


async def _chosen(admin: AdminConnection, owner: str, which: str | None) -> list[Standing]:
    """Whose key is renewed: those that were begun, and those that were asked for. Whoever runs it again after a kill only finishes."""
    everyone = await phases.standing(admin, owner)
    unfinished = [one for one in everyone if one.other_key_is]
    if which is None or (which == EVERY_ORGANIZATION and unfinished):
        return unfinished
    asked = [one for one in everyone if which in {EVERY_ORGANIZATION, one.slug}]
    if not asked:
        raise NotFound(f"There is no organization {which!r} whose key could be renewed; `imprint tenants list` shows those there are.")
    return [*unfinished, *(one for one in asked if not one.other_key_is)]


async def _renew(
    settings: TenantSettings, admin: AdminConnection, database: Database, chosen: Sequence[Standing], wait: float, say: Say
) -> tuple[list[str], list[dict[str, str]]]:
    """The three steps, each for all of them at once, so that there are two waits however many there are."""
    owner, keyring = settings.owner_role, Keyring(settings.secret_keys)
    begun = [one.slug for one in chosen if one.other_key_is]
    if begun:
        say(f"{len(begun)} that were begun before are finished first: {', '.join(begun[: installation.NAMED])}")
    await phases.announce(admin, owner, keyring, [one.id for one in chosen if one.other_key_is is None])
    if any(one.other_key_is != "going" for one in chosen):
        say(f"{len(chosen)} new keys are announced; every process hears of them within {wait:.0f} s")
        await asyncio.sleep(wait)
        await phases.switch(admin, owner, [one.id for one in chosen])
    say(f"the new keys protect what is written from now on; every process follows within {wait:.0f} s")
    await asyncio.sleep(wait)
    registry = Registry(database, keyring)
    done: list[str] = []
    failed: list[dict[str, str]] = []
    for one in chosen:
        try:
            await _finish(admin, owner, database, registry, one, say)
        except Refusal as refusal:
            failed.append({"slug": one.slug, "error": f"{refusal.message} [{refusal.code}]"})
            say(f"{one.slug}: not finished, and at work with both keys: {refusal.message}")
        else:
            done.append(one.slug)
    return done, failed


async def _finish(admin: AdminConnection, owner: str, database: Database, registry: Registry, one: Standing, say: Say) -> None:
    tenant = await registry.by_id(one.id)
    if tenant is None:
        raise NotFound("It was removed meanwhile.")
    passed = await reseal(database, tenant, PROTECTED, _Heard(one.slug, say))
    await phases.retire(admin, owner, one.id)
    lost = f"; {passed.locked} rows open with neither key and were left as they are" if passed.locked else ""
    say(f"{one.slug}: {passed.resealed} rows are under its new key, the old one is destroyed{lost}")


class _Heard:
    """Says every few seconds how far an organization is."""

    def __init__(self, slug: str, say: Say) -> None:
        self._slug = slug
        self._say = say
        self._rows = 0
        self._told = time.monotonic()

    def __call__(self, rows: int) -> None:
        self._rows += rows
        if (now := time.monotonic()) - self._told >= TELL_EVERY:
            self._told = now
            self._say(f"{self._slug}: {self._rows} rows looked at so far")
