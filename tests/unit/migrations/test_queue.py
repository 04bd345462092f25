from __future__ import annotations

import asyncio

from migrations.plan import Move
from migrations.queue import Queue
from migrations.survey import Standing
from tenants.ids import new_id


def _moves(*slugs: str) -> list[Move]:
    return [Move(Standing(new_id(), slug, "s", "r", "0001", unbuilt=False), "0002", ()) for slug in slugs]


async def test_tasks_come_in_order_and_those_to_be_tried_again_after_their_pause() -> None:
    queue = Queue(_moves("a", "b"))
    seen = []
    while (task := await queue.take()) is not None:
        seen.append((task.move.tenant.slug, task.attempts))
        if task.move.tenant.slug == "a" and task.attempts == 1:
            task.attempts += 1
            queue.again(task, 0.02)
        else:
            queue.finished()

    assert seen == [("a", 1), ("b", 1), ("a", 2)]


async def test_a_worker_waits_while_another_may_still_give_a_task_back() -> None:
    queue = Queue(_moves("a"))
    task = await queue.take()
    assert task is not None
    waiting = asyncio.create_task(queue.take())
    await asyncio.sleep(0.01)
    assert not waiting.done()

    queue.again(task, 0.0)

    assert await waiting is task
    queue.finished()
    assert await queue.take() is None


async def test_what_is_taken_out_is_nobodys_any_more() -> None:
    queue = Queue(_moves("a", "b", "c"))
    assert await queue.take() is not None

    assert [task.move.tenant.slug for task in queue.empty()] == ["b", "c"]

    queue.finished()
    assert await queue.take() is None
