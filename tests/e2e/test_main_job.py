from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

from tests.e2e.conftest import Running
from tests.e2e.posts import create, mailed, step, subjects

REJECT = 'mutation Reject($id: ID!) { rejectPost(input: {id: $id, reason: "Needs sources."}) { post { status approval { rejectionReason } } } }'
READ = "query Read($slug: String!) { post(slug: $slug) { title contentHtml author { name } tags { name } } }"
NOTIFICATIONS = "{ notifications(first: 5, unreadOnly: true) { kind } }"
ROUNDS = 900


async def told(running: Running, slug: str, key: str, kind: str) -> bool:
    """Whether the person is told within a while."""
    for _ in range(ROUNDS):
        answer: dict[str, Any] = await running.query(slug, NOTIFICATIONS, key)
        if any(kind in node["kind"].lower() for node in answer["data"]["notifications"]):
            return True
        await asyncio.sleep(0.1)
    return False


async def test_a_post_is_written_reviewed_published_read_and_its_author_told(running: Running) -> None:
    for slug in ("acme", "globex"):
        post = await create(running, slug, f"A day at {slug}")
        assert (post["status"], post["version"], [tag["name"] for tag in post["tags"]]) == ("DRAFT", 1, ["Büro", "News"])

        assert (await step(running, slug, "author", "submitPost", post["id"]))["post"]["status"] == "IN_REVIEW"
        assert (await step(running, slug, "editor", "approvePost", post["id"]))["post"]["status"] == "APPROVED"
        published = await step(running, slug, "editor", "publishPost", post["id"])
        again = await step(running, slug, "editor", "publishPost", post["id"])

        assert (published["post"]["status"], published["changed"], len(published["eventIds"])) == ("PUBLISHED", True, 1)
        assert (again["changed"], again["eventIds"]) == (False, [])
        read: dict[str, Any] = await running.query(slug, READ, slug=post["slug"])
        assert read["data"]["post"]["contentHtml"].strip() == "<p>Some <em>text</em>.</p>"
        assert await told(running, slug, "author", "approved")
        assert await mailed(running, f"A day at {slug}")


async def test_a_rejected_post_tells_its_author_why(running: Running) -> None:
    post = await create(running, "globex", "Not yet good enough")
    await step(running, "globex", "author", "submitPost", post["id"])

    answer: dict[str, Any] = await running.query("globex", REJECT, "editor", id=post["id"])

    assert answer["data"]["rejectPost"]["post"] == {"status": "REJECTED", "approval": {"rejectionReason": "Needs sources."}}
    assert await told(running, "globex", "author", "rejected")


async def test_killing_the_worker_in_the_middle_loses_nothing(running: Running) -> None:
    posts = [await create(running, "acme", f"Killed {number}") for number in range(6)]
    for post in posts:
        await step(running, "acme", "author", "submitPost", post["id"])
    for number, post in enumerate(posts):
        await step(running, "acme", "editor", "approvePost", post["id"])
        if number == 2:
            os.killpg(running.worker.pid, signal.SIGKILL)
    running.worker.start()

    for number in range(6):
        assert await mailed(running, f"“Killed {number}”")
    for _ in range(ROUNDS):
        code, out, _ = await running.imprint("deliveries", "list", "--tenant", "acme", "--json")
        rows = json.loads(out) if code == 0 else []
        if rows and all(row["state"] == "done" for row in rows):
            break
        await asyncio.sleep(0.2)
    else:
        raise AssertionError(out)
    sent = subjects(running)
    assert [sum(f"“Killed {number}”" in subject for subject in sent) for number in range(6)] == [1] * 6
