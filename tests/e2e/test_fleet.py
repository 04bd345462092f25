"""An operator's day: a column for everybody, in waves, while people read and write, and the runner is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.bench.load import answer, request
from ops.bench.servers import Bench, bench_stack, imprint
from ops.bench.tenants import Measured, prepare, token
from ops.stack import THROWN_AWAY
from tenants.database import connect_as_admin
from tests.commands import run
from tests.integration.migrations.revisions import ADD_COLUMN, ADD_INDEX, Further

TENANTS = 12
READ = "{ posts(first: 5) { nodes { id title author { name } } } }"
WRITE = 'mutation { createPost(input: {title: "Written meanwhile", content: "Some text."}) { post { id } } }'
A_WHILE = 'op.execute("SELECT pg_sleep(0.1)")'


@dataclass(slots=True)
class People:
    """Readers and writers of all the organizations; what they were answered that was not what they wanted."""

    bench: Bench
    houses: Sequence[Measured]
    tokens: Sequence[str]
    done: dict[str, int] = field(default_factory=dict)
    wrong: list[bytes] = field(default_factory=list)

    async def work(self, query: str, until: asyncio.Event) -> None:
        while not until.is_set():
            number = random.randrange(len(self.houses))
            host = self.houses[number].host(self.bench.port)
            body = json.dumps({"query": query}).encode()
            reply = await answer(self.bench.target, request(self.bench.target, "/graphql", body, host=host, token=self.tokens[number]))
            if not reply.startswith(b"HTTP/1.1 200") or b'"errors"' in reply:
                self.wrong.append(reply)
            self.done[query] = self.done.get(query, 0) + 1


async def _command(bench: Bench, folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "ops", *arguments)
    return await asyncio.create_subprocess_exec(*command, env=_environment(bench, folder), stdout=PIPE, stderr=PIPE)


def _environment(bench: Bench, folder: Path) -> dict[str, str]:
    return {**os.environ, **bench.environment, "IMPRINT_REVISIONS": str(folder)}


async def _json(bench: Bench, folder: Path, *arguments: str, code: int = 0) -> Any:
    ended = await run([*arguments, "--json"], _environment(bench, folder))
    assert ended.code == code, ended.err
    return ended.json


async def _results(bench: Bench) -> int:
    async with connect_as_admin(bench.settings.admin_database_url) as admin, admin.transaction(bench.settings.owner_role):
        return int(await admin.value("SELECT count(*) FROM control.migration_results"))


async def test_a_column_comes_to_everybody_in_waves_while_people_work_and_the_runner_is_killed(tmp_path: Path) -> None:
    further = Further(tmp_path)
    async with bench_stack(**THROWN_AWAY) as bench:
        houses = await prepare(bench, TENANTS, 40)
        to = further.write(f"{ADD_COLUMN}\n{ADD_INDEX}\n{A_WHILE}")
        further.forget()
        async with imprint(bench):
            tokens = [await token(bench.target, bench.port, house) for house in houses]
            people, enough = People(bench, houses, tokens), asyncio.Event()
            at_work = [asyncio.create_task(people.work(query, enough)) for query in (READ, READ, WRITE)]

            first = await _command(bench, tmp_path, "migrate", "up", "--wave", "25%")
            while await _results(bench) < TENANTS // 3:
                await asyncio.sleep(0.02)
            first.send_signal(signal.SIGKILL)
            await first.communicate()
            half = await _json(bench, tmp_path, "migrate", "status")
            again = await _json(bench, tmp_path, "migrate", "up", "--wave", "25%")

            enough.set()
            await asyncio.gather(*at_work)
        stands = await _json(bench, tmp_path, "migrate", "status")
        history = await _json(bench, tmp_path, "migrate", "history")
        nothing = await _json(bench, tmp_path, "migrate", "drift")
        async with connect_as_admin(bench.settings.admin_database_url) as admin, admin.transaction(bench.settings.owner_role):
            await admin.run(f"ALTER TABLE {houses[3].tenant.place.schema}.posts ALTER COLUMN mood SET DEFAULT 'grim'")
        drift = await _json(bench, tmp_path, "migrate", "drift", code=1)

    assert 0 < len(half["behind"]) < TENANTS
    assert (len(again["done"]), again["failed"], again["state"]) == (len(half["behind"]), [], "done")
    assert people.wrong == []
    assert min(people.done[READ], people.done[WRITE]) > 0
    assert (stands["tenant"]["counts"], stands["behind"], stands["failed"]) == ({to: TENANTS}, [], [])
    assert [(past["state"], past["failed"]) for past in history["runs"][:2]] == [("done", []), ("interrupted", [])]
    assert nothing == []
    assert [(found["slug"], len(found["differences"])) for found in drift] == [(houses[3].tenant.slug, 1)]
    assert "posts.mood" in json.dumps(drift)
    assert "grim" in json.dumps(drift)
