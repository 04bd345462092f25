"""Tags and categories, as a client makes and changes them."""

from __future__ import annotations

from typing import Any

from tests.integration.api.conftest import Ask
from tests.integration.conftest import House

CATEGORY = "category { id name slug description position version parent { name } children { name } }"


async def done(ask: Ask, house: House, name: str, selection: str, /, who: str = "lucia", **given: Any) -> Any:
    response = await mutate(ask, house, name, selection, who, **given)
    assert "errors" not in response, response
    return response["data"][name]


async def mutate(ask: Ask, house: House, name: str, selection: str, /, who: str = "lucia", **given: Any) -> dict[str, Any]:
    kind = f"{name[0].upper()}{name[1:]}Input!"
    return await ask(house, who, f"mutation($i: {kind}) {{ {name}(input: $i) {{ changed eventIds {selection} }} }}", i=given)


async def category(ask: Ask, house: House, name: str, who: str = "lucia", **given: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await done(ask, house, "createCategory", CATEGORY, who=who, name=name, **given))["category"]
    return made


async def tag(ask: Ask, house: House, name: str, who: str = "lucia", **given: Any) -> dict[str, Any]:
    made: dict[str, Any] = (await done(ask, house, "createTag", "tag { id name slug synonyms version }", who=who, name=name, **given))["tag"]
    return made
