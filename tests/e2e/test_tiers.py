"""Tiers and the stock as an operator handles them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.e2e.conftest import Running
from tests.e2e.faults import as_owner

QUOTAS = "{ organization { tier quotas { members posts requestsPerSecond eventsPerDay } } }"
USAGE = "{ organization { usage { members } } }"
AUDIT = "SELECT action, details FROM control.operator_audit WHERE slug = $1 AND action = 'tenant.tier_changed' ORDER BY at"
CREATE = 'mutation { createPost(input: {title: "One more", content: "Text."}) { changed } }'


async def test_an_operator_gives_an_organization_a_tier_and_limits_that_hold_within_a_second(running: Running) -> None:
    code, out, err = await running.imprint("tenants", "tier", "globex", "team", "--posts", "1", "--requests-per-second", "none", "--json")
    assert code == 0, err
    changed = json.loads(out)
    again = await running.imprint("tenants", "tier", "globex", "team", "--posts", "1", "--requests-per-second", "none", "--json")
    assert json.loads(again[1]) == changed
    limits = {"members": 2000, "posts": 1, "requests_per_second": None, "events_per_day": 1_000_000}
    assert (changed["slug"], changed["tier"], changed["quotas"]) == ("globex", "team", limits)
    assert changed["usage"]["posts"] >= 200
    shown = json.loads((await running.imprint("tenants", "show", "globex", "--json"))[1])
    members = (await running.query("globex", USAGE, "owner"))["data"]["organization"]["usage"]["members"]  # type: ignore[index]
    assert (shown["tier"], shown["quotas"], shown["usage"]["members"]) == ("team", limits, members)
    assert members >= 9

    refused: dict[str, Any] = {}
    async with asyncio.timeout(60):
        while "errors" not in refused:
            refused = await running.query("globex", CREATE, "author")
    assert refused["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    told = {"tier": "team", "quotas": {"members": 2000, "posts": 1, "requestsPerSecond": None, "eventsPerDay": 1_000_000}}
    assert (await running.query("globex", QUOTAS, "owner"))["data"] == {"organization": told}
    assert "errors" not in await running.query("acme", CREATE, "author")

    await running.imprint("tenants", "tier", "globex", "enterprise")
    async with as_owner(running) as owner:
        audited = [(row["action"], json.loads(row["details"])) for row in await owner.fetch(AUDIT, "globex")]
    assert [details["tier"] for _, details in audited] == ["team", "enterprise"]
    assert audited[1][1] == {"tier": "enterprise", "quotas": {}, "was": {"tier": "team", "quotas": {k: v for k, v in limits.items() if v}}}


async def test_unknown_tiers_limits_and_organizations_are_refused_with_what_to_do(running: Running) -> None:
    answers = [
        await running.imprint("tenants", "tier", *arguments)
        for arguments in (("acme", "gold"), ("nobody", "team"), ("acme", "team", "--posts", "-1"), ("acme", "team", "--posts", "99999999999"))
    ]
    made = await running.imprint("tenants", "create", "golden", "--name", "G", "--owner-email", "o@g.example", "--tier", "gold")

    assert [(code, out) for code, out, _ in (*answers, made)] == [(1, ""), (1, ""), (2, ""), (1, ""), (1, "")]
    assert "there is no tier 'gold'; it is one of basic, team, enterprise" in answers[0][2]
    assert "imprint tenants list" in answers[1][2]
    assert "takes a whole number from 1 to 2,000,000,000, or none" in answers[3][2]
    assert "basic, team, enterprise" in made[2]
    assert "golden" not in (await running.imprint("tenants", "list", "--json"))[1]


async def test_the_worker_keeps_a_stock_and_new_organizations_come_from_it(running: Running) -> None:
    """Two are kept; where another test has claimed one of them, the other is as good."""
    async with asyncio.timeout(60):
        while not (there := json.loads((await running.imprint("tenants", "stock", "--json"))[1]))["ready"]:
            await asyncio.sleep(0.2)
    ready = there["ready"]
    assert ready in {1, 2}
    assert there == {"revision": there["revision"], "ready": ready, "older": 0, "newer": 0, "made": 0, "discarded": 0}
    async with as_owner(running) as owner:
        places = {row["schema"] for row in await owner.fetch("SELECT schema FROM control.stock")}

    code, out, err = await running.imprint("tenants", "create", "stocked", "--name", "S", "--owner-email", "o@s.example", "--json")
    assert code == 0, err
    assert json.loads(out)["schema"] in places

    filled = json.loads((await running.imprint("tenants", "stock", "--fill", "4", "--json"))[1])
    assert filled["ready"] == 4
