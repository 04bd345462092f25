"""What it costs to take an access token: beyond its signature when it comes first, and as a whole when it was seen before."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from joserfc import jws

from auth.accounts import Account
from auth.addresses import Addresses
from auth.signing import ALGORITHM, SigningKeys
from auth.tokens import MOST_CACHED, SessionFacts, Tokens
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.tenants import Measured
from tenants.database import Database
from tenants.ids import new_id
from tenants.secrets import Keyring

ROUNDS, A_ROUND = 9, 500
MICROSECONDS = 60.0
PERMISSIONS = frozenset({"content.create", "content.submit", "content.read_drafts"})


async def measured(bench: Bench, where: Measured) -> list[Line]:
    """Rounds of both in turns: the bare check of the signature, as the library does it, and ours."""
    async with Database(bench.settings, connections=2) as database:
        keys, addresses = SigningKeys(database, Keyring(bench.settings.secret_keys), overlap=0), Addresses(bench.settings.public_url)
        tokens = Tokens(keys, addresses, lifetime=3600)
        key = (await keys.signer()).key
        bare, first, again = [], [], []
        for _ in range(ROUNDS):
            minted = [await _mint(tokens, where) for _ in range(A_ROUND)]
            bare.append(_each(lambda token: jws.deserialize_compact(token, key, [ALGORITHM]), minted))
            first.append(await _all(tokens, minted))
            again.append(await _all(tokens, minted))
        beyond = median(mine - floor for mine, floor in zip(first, bare, strict=True))
        return [
            _line("a token, beyond its signature", beyond, f"; {median(first):.0f} µs with it"),
            _line("a token that was seen before", median(again)),
            await _bounded(tokens, where),
        ]


async def _bounded(tokens: Tokens, where: Measured) -> Line:
    """After five hundred more than are kept."""
    for _ in range(MOST_CACHED + A_ROUND - ROUNDS * A_ROUND):
        await tokens.verify(await _mint(tokens, where))
    kept = len(tokens._verified)  # noqa: SLF001 - a benchmark looks inside
    return Line("tokens kept, of more than that", f"{kept:,}", f"{MOST_CACHED:,}", kept / MOST_CACHED, 1.0, at_most=True)


def _line(what: str, microseconds: float, more: str = "") -> Line:
    return Line(what, f"{microseconds:.0f} µs{more}", f"{MICROSECONDS:g} µs", microseconds / MICROSECONDS, 1.0, at_most=True)


async def _mint(tokens: Tokens, where: Measured) -> str:
    account = Account(where.owner_id, "owner", "Owner", "active", "owner", PERMISSIONS)
    return await tokens.mint(where.tenant, account, SessionFacts(new_id(), "imprint", ("pwd",), datetime.now(UTC)))


def _each(check: Callable[[str], object], minted: list[str]) -> float:
    """Microseconds for one."""
    began = time.perf_counter()
    for token in minted:
        check(token)
    return (time.perf_counter() - began) / len(minted) * 1_000_000


async def _all(tokens: Tokens, minted: list[str]) -> float:
    began = time.perf_counter()
    for token in minted:
        await tokens.verify(token)
    return (time.perf_counter() - began) / len(minted) * 1_000_000
