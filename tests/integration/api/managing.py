"""People, as those who manage them change them."""

from __future__ import annotations

from typing import Any

from auth.principal import Principal
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House


async def do(
    ask: Ask, house: House, who: str | Principal | None, name: str, select: str = "user { id status role }", /, **given: Any
) -> dict[str, Any]:
    kind = name[0].upper() + name[1:]
    document = f"mutation M($input: {kind}Input!) {{ {name}(input: $input) {{ {select} changed eventIds }} }}"
    return await ask(house, who, document, input=given)


async def done(ask: Ask, house: House, who: str | Principal | None, name: str, select: str = "user { id status role }", /, **given: Any) -> Any:
    response = await do(ask, house, who, name, select, **given)
    assert "errors" not in response, response
    return response["data"][name]
