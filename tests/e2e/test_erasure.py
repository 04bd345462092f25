"""Somebody is erased: nothing of them is left to be read, also not after an older copy came back."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

from tenants.transfer.keys import TransferSecret
from tests.e2e.conftest import Running
from tests.e2e.leftovers import Sought, in_export, in_logs, in_redis, in_tables
from tests.e2e.zebulon import ERASE, VALUES, asked, zebulon_at

SECRET = TransferSecret("file", bytes(range(1, 33)))


async def tenants(running: Running, *arguments: str) -> None:
    code, _, err = await running.imprint("tenants", *arguments)
    assert code == 0, err


async def everything(running: Running, sought: Sought) -> list[str]:
    return [*await in_tables(running, sought), *await in_redis(running, sought), *in_logs(running, sought)]


async def test_nothing_of_an_erased_person_can_be_read_anywhere_also_after_an_older_export_came_back(running: Running, tmp_path: Path) -> None:
    zebulon = await zebulon_at(running, "acme")
    key_file = tmp_path / "key"
    key_file.write_text(base64.b64encode(SECRET.value).decode())
    older, newer = tmp_path / "older.imprint", tmp_path / "newer.imprint"
    await tenants(running, "export", "acme", "--to", str(older), "--key-file", str(key_file))
    before = await everything(running, zebulon.sought)
    owner = await running.token("acme", "owner")

    done = await asked(running, "acme", owner, ERASE, id=str(zebulon.id), confirm="zquagga")
    again = await asked(running, "acme", owner, ERASE, id=str(zebulon.id), confirm="whatever")
    await tenants(running, "import", str(older), "--slug", "acme-again", "--key-file", str(key_file))
    await tenants(running, "export", "acme", "--to", str(newer), "--key-file", str(key_file))

    assert {value for value in VALUES if any(value in found for found in before)} == set(VALUES)
    assert any("under a key" in found for found in before)
    assert await in_export(running, zebulon.sought, older, SECRET) != []
    left = done["eraseUser"]["user"]
    assert (left["status"], left["email"], left["name"]) == ("ERASED", None, "Erased person")
    assert done["eraseUser"]["changed"]
    assert not again["eraseUser"]["changed"]
    assert await everything(running, zebulon.sought) == []
    assert await in_export(running, zebulon.sought, newer, SECRET) == []
    async with running.client("acme", zebulon.token) as client:
        for _ in range(600):
            if (await client.get("/graphql", params={"query": "{ me { id } }"})).status_code == 401:
                break
            await asyncio.sleep(0.1)
        assert (await client.get("/graphql", params={"query": "{ me { id } }"})).status_code == 401
    read = await running.query("acme", "query($id: ID!) { post(id: $id) { title author { id name } } }", None, id=zebulon.post)
    assert read == {"data": {"post": {"title": "Of stripes", "author": {"id": str(zebulon.id), "name": "Erased person"}}}}
    code, out, _ = await running.imprint("events", "verify", "--json")
    assert code == 0, [(one["slug"], one["differences"], one["chain"]) for one in json.loads(out)]
