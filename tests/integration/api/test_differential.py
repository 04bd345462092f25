"""Compiled reads against the reference executor: the same JSON, the same errors, for generated operations and every kind of reader."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from auth.principal import ANONYMOUS
from tenants.ids import new_id
from tests.integration.api.operations.documents import operations
from tests.integration.api.reference import executor
from tests.integration.api.reference.world import World
from tests.integration.conftest import House

READERS = (None, "reader", "author", "moderator", "editor", "lucia", "admin")
EXAMPLES = 600
Case = tuple[str, dict[str, Any], str | None]


def generated(world: World, count: int) -> list[Case]:
    """Written first and run afterwards, since the engine belongs to the event loop of the test."""
    cases: list[Case] = []

    @given(st.tuples(operations(world), st.sampled_from(READERS)))
    @settings(max_examples=count, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def collect(drawn: tuple[tuple[str, dict[str, Any]], str | None]) -> None:
        (query, variables), reader = drawn
        cases.append((query, variables, reader))

    collect()
    return cases


def comparable(response: dict[str, Any]) -> tuple[str, list[str]]:
    """Data with its keys in order; errors without their wording, which is the product's own."""
    errors = [[error["path"], error["extensions"]["code"], error["locations"]] for error in response.get("errors", ())]
    return json.dumps(response["data"]), sorted(map(json.dumps, errors))


async def test_compiled_reads_answer_as_graphql_core_does(engine: Engine, library: House, world: World) -> None:
    different, compared = [], 0
    for query, variables, reader in generated(world, EXAMPLES):
        who = library.people[reader] if reader else ANONYMOUS
        answer = await engine.answer(Asked(query, None, variables), Caller(library.tenant, who, new_id()), queries_only=True)
        response = json.loads(answer.body)
        if not answer.executed:
            assert {error["extensions"]["code"] for error in response["errors"]} == {"LIMIT_EXCEEDED"}, (query, variables, response)
            continue
        compared += 1
        expected = executor.run(world, who, query, variables).formatted
        if comparable(response) != comparable(json.loads(json.dumps(expected))):
            different.append((query, variables, reader, response, expected))

    assert compared > 300
    assert not different, _shown(different)


def _shown(different: list[Any]) -> str:
    """The shortest of them, in full."""
    query, variables, reader, response, expected = min(different, key=lambda case: len(case[0]))
    return f"{len(different)} differ, such as, for {reader}:\n{query}\n{variables}\ngot      {json.dumps(response)}\nexpected {json.dumps(expected)}"
