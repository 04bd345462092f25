from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from app.bus import Bus
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House, publish_post, write_post
from tests.integration.workers.conftest import Line, Workers, until
from workers.heartbeat import workers_alive
from workers.mailbox import Mail, Mailbox
from workers.settings import WorkerSettings

Start = Callable[[WorkerSettings], Workers]
TOLD = statement("SELECT u.name, n.kind, n.data FROM __tenant__.notifications n JOIN __tenant__.users u ON u.id = n.user_id WHERE subject_id = :post")


async def test_an_approval_reaches_its_author_by_notification_and_mail_and_a_publication_is_counted(
    line: Line, bus: Bus, acme: House, globex: House, start_workers: Start
) -> None:
    supervisor = start_workers(line.settings).supervise()
    await until(lambda: workers_alive(line.pool))
    before, others = await line.counted(acme), await line.counted(globex)

    post = await write_post(bus, acme, title='Paper & <ink>"')
    await publish_post(bus, acme, post)

    async def counted() -> bool:
        return await line.counted(acme) == before + 1

    async def told() -> list[tuple[str, str, dict[str, str]]]:
        async with line.pool.reading(acme.tenant.place) as connection:
            return [(row["name"], row["kind"], row["data"]) for row in await connection.fetch(TOLD, post=post)]

    mailbox = Mailbox.at(line.settings.smtp_url)

    def written() -> list[Mail]:
        return [mail for mail in mailbox.newest()[0] if "Paper" in mail.subject]

    async def mailed() -> bool:
        return bool(written())

    async def all_told() -> bool:
        return {kind for _, kind, _ in await told()} == {"PostSubmitted", "PostApproved", "PostPublished"}

    await until(counted)
    await until(all_told)
    await until(mailed)
    supervisor.terminate()
    assert supervisor.wait(30) == 0
    author = next(person for person in acme.cast.people if person.key == "author")
    [mail] = written()
    notices = await told()
    assert sorted(kind for name, kind, _ in notices if name == author.name) == ["PostApproved", "PostPublished"]
    assert {(kind, data["title"]) for name, kind, data in notices if name != author.name} == {("PostSubmitted", 'Paper & <ink>"')}
    assert mail.to == f"{author.name} <{acme.cast.email(author)}>"
    assert mail.subject == '“Paper & <ink>"” was approved'
    assert "http://acme.localhost:8000/" in mail.text
    assert "Paper &amp; &lt;ink&gt;" in mail.html
    assert await line.counted(globex) == others
    assert not await workers_alive(line.pool)


async def test_a_worker_killed_in_the_middle_of_a_handler_loses_nothing_and_doubles_nothing(
    line: Line, acme: House, globex: House, start_workers: Start
) -> None:
    quick = replace(line, settings=replace(line.settings, deadline=6))
    workers = start_workers(quick.settings)
    first = workers.start("handlers")
    before, others = await line.counted(acme), await line.counted(globex)
    [event] = await line.happened(acme, "SlowTested")
    [other] = await line.happened(globex, "SlowTested")

    async def state(wanted: str) -> bool:
        return all([(await line.delivery(e, "test.count"))["state"] == wanted for e in (event, other)])

    await line.expand()
    await until(lambda: state("running"), quick.turn)
    first.kill()
    first.wait()
    workers.start("handlers")
    await until(lambda: state("done"), quick.turn)

    assert (await line.delivery(event, "test.count"))["attempts"] == 2
    assert (await line.counted(acme), await line.counted(globex)) == (before + 1, others + 1)


async def test_a_stopped_worker_that_goes_on_later_changes_nothing_any_more(line: Line, acme: House, globex: House, start_workers: Start) -> None:
    quick = replace(line, settings=replace(line.settings, deadline=6))
    workers = start_workers(quick.settings)
    stopped = workers.start("handlers")
    before = await line.counted(acme)
    [event] = await line.happened(acme, "SlowTested")
    await line.expand()

    async def state(wanted: str) -> bool:
        return bool((await line.delivery(event, "test.count"))["state"] == wanted)

    await until(lambda: state("running"), quick.turn)
    stopped.send_signal(signal.SIGSTOP)
    workers.start("handlers")
    await until(lambda: state("done"), quick.turn)
    stopped.send_signal(signal.SIGCONT)
    [later] = await line.happened(acme, "QuickTested")
    await line.expand()
    stopped.terminate()
    assert stopped.wait(30) == 0

    row = await line.delivery(event, "test.count")
    assert (row["state"], row["attempts"]) == ("done", 2)
    await line.deliver(await line.delivery(later, "test.count"))
    assert await line.counted(acme) == before + 2


async def test_a_handler_that_kills_its_process_is_quarantined_while_the_others_work_on(
    line: Line, acme: House, globex: House, start_workers: Start
) -> None:
    settings = replace(line.settings, deadline=2, attempts=2)
    before = await line.counted(globex)
    [poison] = await line.happened(acme, "KillerTested")
    [event] = await line.happened(globex, "QuickTested")
    start_workers(settings).supervise()

    async def ended() -> bool:
        poisoned, healthy = await line.deliveries(poison), await line.deliveries(event)
        return [row["state"] for row in (*poisoned, *healthy)] == ["quarantined", "done"]

    await until(ended)

    assert (await line.delivery(poison, "test.kill"))["attempts"] == 2
    assert await line.counted(globex) == before + 1


async def test_nothing_is_lost_when_redis_is_emptied(line: Line, acme: House, globex: House, start_workers: Start) -> None:
    before, others = await line.counted(acme), await line.counted(globex)
    events = [await line.happened(house, "QuickTested") for house in (acme, globex)]
    await line.expand()
    await line.publisher.step()
    assert line.broker.client.llen("imprint:dramatiq:deliveries") == 2
    line.broker.client.flushdb()
    start_workers(line.settings).start("handlers")

    async def done() -> bool:
        return all([(await line.delivery(event, "test.count"))["state"] == "done" for [event] in events])

    await until(done, line.turn)

    assert (await line.counted(acme), await line.counted(globex)) == (before + 1, others + 1)


async def test_messages_that_nobody_can_read_are_set_aside_and_their_neighbours_run(
    line: Line, acme: House, globex: House, start_workers: Start
) -> None:
    queue, client = "imprint:dramatiq:deliveries", line.broker.client
    strangers = [b"\xff\xfe", b"{", b"[]", b"null", b'{"queue_name":"deliveries","actor_name":"deliver","args":[],"kwargs":{},"options":{}}']
    events = []
    for data in strangers:
        client.hset(f"{queue}.msgs", name := str(uuid4()), data)
        client.rpush(queue, name)
        events += await line.happened(acme, "QuickTested", aggregate=new_id())
        await line.expand()
        await line.publisher.step()
    start_workers(line.settings).start("handlers")

    async def done() -> bool:
        return all([(await line.delivery(event, "test.count"))["state"] == "done" for event in events])

    await until(done, line.turn)

    assert sorted(client.hvals(f"{queue}.XQ.msgs")) == sorted(strangers)
    assert client.llen(queue) == 0


async def test_a_message_for_a_delivery_that_does_not_exist_does_nothing(line: Line, acme: House, globex: House, start_workers: Start) -> None:
    before = await line.counted(acme)
    line.broker.publish(new_id(), acme.tenant.id, new_id(), "test.count")
    [event] = await line.happened(acme, "QuickTested")
    await line.expand()
    start_workers(line.settings).start("handlers")

    async def done() -> bool:
        return bool((await line.delivery(event, "test.count"))["state"] == "done")

    await until(done, line.turn)

    assert await line.counted(acme) == before + 1


def test_a_child_that_hangs_at_boot_is_killed_and_started_again(tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'starts')!r}, 'a').write('.'); time.sleep(60)"
    script = (
        "import os, sys; from workers.supervisor import Child, Supervisor; "
        f"sys.exit(Supervisor([Child('hanging', [sys.executable, '-c', {code!r}], os.environ, boot_seconds=0.5)]).run())"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3])
    try:
        deadline = time.monotonic() + 90
        while not ((tmp_path / "starts").exists() and len((tmp_path / "starts").read_text()) >= 2):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        supervisor.terminate()
    assert supervisor.wait(40) == 0
