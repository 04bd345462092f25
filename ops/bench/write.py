"""`imprint bench write`: updatePost through GraphQL, policy, aggregate, event and outbox, against its statements by hand."""

from __future__ import annotations

import json

from app.bus import Bus
from app.content.commands import CreatePost
from app.users.values import PERMISSIONS
from auth.principal import Kind, Principal
from ops.bench.load import request
from ops.bench.report import Line
from ops.bench.rounds import Side, compare
from ops.bench.servers import bench_stack, floor, imprint
from ops.bench.tenants import Measured, prepare, token
from tenants.database import Database
from tenants.ids import new_id

POSTS = 2_000
UPDATE = "mutation Rename($id: ID!, $title: String!) { updatePost(input: {id: $id, title: $title}) { post { id title version } changed } }"
TITLES = 200


async def run() -> list[Line]:
    """About a minute. One writer: what is compared is a command's cost, not how conflicts are settled."""
    async with bench_stack() as bench:
        (measured,) = await prepare(bench, 1, POSTS)
        async with Database(bench.settings, connections=1) as database:
            ours, theirs = await _post(database, measured), await _post(database, measured)
        place = measured.tenant.place
        async with imprint(bench), floor(bench, place.schema, bench.settings.owner_role) as by_hand:
            key = await token(bench.target, bench.port, measured)
            product, hand = [], []
            for number in range(TITLES):
                body = {"query": UPDATE, "variables": {"id": ours, "title": f"Title {number}"}}
                product.append(request(bench.target, "/graphql", json.dumps(body).encode(), host=measured.host(bench.port), token=key))
                hand.append(request(by_hand, "/update", json.dumps({"id": theirs, "title": f"Title {number}"}).encode()))
            return [await compare("updatePost", Side(bench.target, product), Side(by_hand, hand), target=0.5, connections=1)]


async def _post(database: Database, measured: Measured) -> str:
    owner = Principal(Kind.PERSON, measured.owner_id, "owner", PERMISSIONS)
    command = CreatePost(new_id(), "Measured", "Some text. " * 180)
    return str((await Bus(database).execute(measured.tenant, command, owner, correlation_id=new_id())).aggregates[0])
