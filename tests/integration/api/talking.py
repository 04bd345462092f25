"""Commenting, as a client does it."""

from __future__ import annotations

from typing import Any

from app.bus import Bus
from tenants.database import Database
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House, publish_post, write_post

POLICY = statement("UPDATE __tenant__.organization SET policies = CAST(:policies AS jsonb)")
ADD = "mutation($i: AddCommentInput!) { addComment(input: $i) { comment { id status depth version } changed eventIds } }"
EDIT = "mutation($i: EditCommentInput!) { editComment(input: $i) { comment { body status } changed } }"
READ = """query($post: ID) { comments(post: $post) { totalCount nodes {
  id body status author { username } parent { id } replies { nodes { id } } moderation { waitsBecause } } } }"""


async def published(bus: Bus, house: House) -> str:
    post = await write_post(bus, house)
    await publish_post(bus, house, post)
    return str(post)


async def moderated(pool: Database, house: House, mode: str) -> None:
    async with pool.writing(house.tenant.place) as connection:
        await connection.execute(POLICY, policies={"comments": {"moderation": mode}})


async def add(ask: Ask, house: House, who: str | None, post: str, body: str = "Well put", parent: str | None = None) -> dict[str, Any]:
    return await ask(house, who, ADD, i={"postId": post, "parentId": parent, "body": body})


async def added(ask: Ask, house: House, who: str, post: str, body: str = "Well put", parent: str | None = None) -> dict[str, Any]:
    response = await add(ask, house, who, post, body, parent)
    assert "errors" not in response, response
    comment: dict[str, Any] = response["data"]["addComment"]["comment"]
    return comment


async def step(ask: Ask, house: House, who: str | None, name: str, id: str, **more: Any) -> dict[str, Any]:
    kind = name[0].upper() + name[1:]
    document = f"mutation M($i: {kind}Input!) {{ {name}(input: $i) {{ comment {{ status }} changed }} }}"
    return await ask(house, who, document, i={"id": id, **more})


async def read(ask: Ask, house: House, who: str | None, post: str) -> list[dict[str, Any]]:
    response = await ask(house, who, READ, post=post)
    assert "errors" not in response, response
    nodes: list[dict[str, Any]] = response["data"]["comments"]["nodes"]
    assert response["data"]["comments"]["totalCount"] == len(nodes)
    return nodes
