"""Posts, as their authors write them and take them through their states."""

from __future__ import annotations

from typing import Any

from tests.integration.api.conftest import Ask
from tests.integration.conftest import House

CREATE = "mutation($i: CreatePostInput!) { createPost(input: $i) { post { id slug } } }"


async def written(ask: Ask, house: House, who: str = "author", **fields: Any) -> str:
    response = await ask(house, who, CREATE, i={"title": "On its way", "content": "Some text.", **fields})
    assert "errors" not in response, response
    id: str = response["data"]["createPost"]["post"]["id"]
    return id


async def step(ask: Ask, house: House, who: str | None, name: str, id: str, **more: Any) -> str:
    """The post's status afterwards, or the code of the refusal."""
    kind = name[0].upper() + name[1:]
    document = f"mutation($i: {kind}Input!) {{ {name}(input: $i) {{ post {{ status }} changed }} }}"
    response = await ask(house, who, document, i={"id": id, **more})
    if "errors" in response:
        code: str = response["errors"][0]["extensions"]["code"]
        return code
    payload = response["data"][name]
    return str(payload["post"]["status"]) if payload["changed"] else "unchanged"
