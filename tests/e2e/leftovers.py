"""Looking for somebody in everything that an installation keeps: tables, statistics, caches, logs, exports."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from redis.asyncio import Redis

from tenants.secrets import Keyring, Undecipherable, decrypt
from tenants.transfer.files import open_file
from tenants.transfer.importing import Export
from tenants.transfer.keys import TransferSecret
from tests.e2e.conftest import Running
from tests.e2e.faults import as_owner

FIELDS = ("username", "name", "email", "avatar_url", "bio", "website", "job_title", "pronouns", "phone", "location", "language", "time_zone")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){20,}")


@dataclass(frozen=True, slots=True)
class Sought:
    """`values`: what nobody may read, in clear, encoded or decrypted; whatever their letters' case."""

    person: UUID
    values: tuple[str, ...]

    def among(self, place: str, texts: Iterable[str], keys: frozenset[bytes]) -> Iterator[str]:
        """What was found where. Texts are rows as Postgres writes them, lines, or values; bytes in them are hexadecimal."""
        for text in texts:
            yield from (f"{place}: {value}" for value in self.values if value.lower() in text.lower())
            for found in _HEX.findall(text):
                raw = bytes.fromhex(found)
                yield from (f"{place}: {value} in bytes" for value in self.values if value.encode() in raw)
                yield from (f"{place}: {value} under a key" for value in self._opened(raw, keys))

    def _opened(self, raw: bytes, keys: frozenset[bytes]) -> Iterator[str]:
        if raw[:1] != b"\x01":
            return
        contexts = [f"{field}:".encode() + self.person.bytes for field in FIELDS]
        for key in keys:
            for context in contexts:
                try:
                    yield decrypt(key, raw, context).decode()
                except Undecipherable:
                    continue


async def every_key(running: Running) -> frozenset[bytes]:
    """The installation's, every organization's, and every person's that opens with those."""
    installation = [base64.b64decode(key) for key in running.environment["IMPRINT_SECRET_KEY"].split(",")]
    keys = set(installation)
    async with as_owner(running) as owner:
        for row in await owner.fetch("SELECT id, schema, wrapped_key, other_key FROM control.organizations"):
            tenant = Keyring(tuple(installation)).unwrap_tenant_key(row["id"], row["wrapped_key"], row["other_key"])
            keys |= set(tenant.all)
            for person in await owner.fetch(f"SELECT id, person_key FROM {row['schema']}.users WHERE person_key IS NOT NULL"):
                keys.add(tenant.person_key(person["id"], person["person_key"]))
    return frozenset(keys)


async def in_tables(running: Running, sought: Sought, keys: frozenset[bytes] | None = None) -> list[str]:
    """Every row of every table and materialized view of control and of each organization, and what Postgres notes of their contents."""
    keys = await every_key(running) if keys is None else keys
    found: list[str] = []
    async with as_owner(running) as owner:
        relations = await owner.fetch(
            "SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            r"WHERE c.relkind IN ('r', 'p', 'm') AND (n.nspname = 'control' OR n.nspname LIKE 't\_%') ORDER BY 1, 2"
        )
        assert len(relations) > 40
        for relation in relations:
            place = f"{relation['schema']}.{relation['name']}"
            rows = await owner.fetch(f"SELECT t::text AS row FROM {place} t")
            found += sought.among(place, (row["row"] for row in rows), keys)
        statistics = await owner.fetch("SELECT s::text AS row FROM pg_stats s")
        found += sought.among("pg_stats", (row["row"] for row in statistics), keys)
    return found


async def in_redis(running: Running, sought: Sought) -> list[str]:
    keys = await every_key(running)
    texts: list[str] = []
    client: Redis = Redis.from_url(running.environment["IMPRINT_REDIS_URL"])
    async for name in client.scan_iter(count=1000):
        texts.append(name.decode("utf-8", "replace"))
        dumped = await client.dump(name)
        texts.append((dumped or b"").decode("latin-1"))
    await client.aclose()
    return list(sought.among("redis", texts, keys))


def in_logs(running: Running, sought: Sought) -> list[str]:
    found: list[str] = []
    for log in sorted(running.mail.parent.glob("*.log")):
        found += sought.among(log.name, log.read_text(errors="replace").splitlines(), frozenset())
    return found


async def in_export(running: Running, sought: Sought, path: Path, secret: TransferSecret) -> list[str]:
    keys = await every_key(running)
    found: list[str] = []
    with open_file(path) as file:
        export = Export.open(file, secret)
        contents = export.contents(lambda _table, _bytes: None)
        for table in contents.tables():
            text = b"".join(contents.rows()).decode()
            found += sought.among(f"export {table.name}", text.splitlines(), keys | set(export.header.key.all))
    return found
