"""Writing posts and moving them on, as people of the demo; and the letters that follow."""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.policy import default
from typing import Any

from tests.e2e.conftest import Running

CREATE = """
mutation Create($title: String!) {
  createPost(input: {title: $title, content: "Some *text*.", tags: ["News", "news", "Büro"]}) {
    post { id slug status version author { name } tags { name } } changed eventIds
  }
}
"""
# The demo's thousands of events are delivered first.
LETTER_SECONDS = 120
STEP = "mutation Step($id: ID!) { %s(input: {id: $id}) { post { status version publishedAt } changed eventIds } }"


async def create(running: Running, slug: str, title: str) -> dict[str, Any]:
    answer: dict[str, Any] = await running.query(slug, CREATE, "author", title=title)
    assert "errors" not in answer, answer
    post: dict[str, Any] = answer["data"]["createPost"]["post"]
    return post


async def step(running: Running, slug: str, key: str, name: str, post: str) -> dict[str, Any]:
    answer: dict[str, Any] = await running.query(slug, STEP % name, key, id=post)
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"][name]
    return payload


def subjects(running: Running) -> list[str]:
    """Of all letters sent until now."""
    return [str(message_from_bytes(path.read_bytes(), policy=default)["Subject"]) for path in running.mail.glob("[!.]*.eml")]


async def mailed(running: Running, words: str) -> str:
    """The subject of the first letter with these words in it, as soon as there is one."""
    async with asyncio.timeout(LETTER_SECONDS):
        while True:
            for subject in subjects(running):
                if words in subject:
                    return subject
            await asyncio.sleep(0.1)
