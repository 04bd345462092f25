"""The process that hashes passwords: nobody notices that it died, and it does not outlive whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from auth.hashing.process import PROGRAM, Hashing
from auth.passwords import DUMMY, Busy, Passwords

PASSWORD = "a password that nobody else has"
WAIT, PAUSE = 60, 0.02
LOWEST = 19
STARTS_ONE = f"""
import asyncio, signal, sys
from auth.passwords import Passwords

async def main():
    passwords = Passwords(workers=2, patience=60)
    await passwords.hash({PASSWORD!r})
    print(passwords.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    with closing(Passwords(workers=2, patience=WAIT)) as passwords:
        yield passwords


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not holds():
            await asyncio.sleep(PAUSE)


def _gone(pid: int) -> bool:
    """Not even there as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def _standing(thread: int) -> tuple[int, int]:
    """Its policy, and the processor to which it is bound, -1 where to none."""
    allowed = os.sched_getaffinity(thread)
    return os.sched_getscheduler(thread), max(allowed) if len(allowed) == 1 else -1


async def _started(passwords: Passwords) -> int:
    await passwords.hash(PASSWORD)
    assert passwords.pid
    return passwords.pid


async def _held(passwords: Passwords) -> tuple[int, asyncio.Task[bool]]:
    """A process that is stopped, with a request on its way to it."""
    known = await passwords.hash(PASSWORD)
    assert passwords.pid
    os.kill(passwords.pid, signal.SIGSTOP)
    asked = asyncio.create_task(passwords.verify(known, PASSWORD))
    await asyncio.sleep(PAUSE)
    return passwords.pid, asked


async def test_hashes_and_verifies_with_todays_parameters(passwords: Passwords) -> None:
    known = await passwords.hash(PASSWORD)

    assert await passwords.verify(known, PASSWORD)
    assert not await passwords.verify(known, "another")
    assert not Passwords.outdated(known)
    assert not Passwords.outdated(DUMMY)
    assert Passwords.outdated(known.replace("t=2", "t=1"))
    assert await passwords.hash(PASSWORD) != known


async def test_killed_with_a_request_under_way_its_successor_answers(passwords: Passwords) -> None:
    pid, asked = await _held(passwords)

    os.kill(pid, signal.SIGKILL)

    assert await asked
    assert passwords.pid not in {None, pid}
    assert _gone(pid)


async def test_killed_at_rest_it_leaves_no_zombie_and_the_next_request_starts_another(passwords: Passwords) -> None:
    pid = await _started(passwords)

    os.kill(pid, signal.SIGKILL)
    await _until(lambda: _gone(pid))

    assert passwords.pid is None
    assert await passwords.verify(await passwords.hash(PASSWORD), PASSWORD)


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
async def test_where_none_lives_long_enough_people_are_asked_to_come_back(tmp_path: Path, program: str) -> None:
    path = tmp_path / "program.py"
    path.write_text(program)
    with closing(Passwords(workers=1, program=path)) as passwords:
        with pytest.raises(Busy) as refusal:
            await passwords.verify(DUMMY, PASSWORD)
        await _until(lambda: passwords.pid is None)

    assert refusal.value.retry_after == 2
    assert not refusal.value.message.startswith("Many")


async def test_where_the_system_lets_nobody_step_back_it_hashes_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        "import os, runpy\n"
        "def forbidden(*_):\n    raise PermissionError\n"
        "os.setpriority = os.sched_setscheduler = os.sched_setaffinity = forbidden\n"
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
    )
    with closing(Passwords(workers=1, patience=WAIT, program=path)) as passwords:
        assert await passwords.verify(await passwords.hash(PASSWORD), PASSWORD)


async def test_others_are_let_onto_its_processor_and_looked_for_while_it_hashes(passwords: Passwords) -> None:
    pid = await _started(passwords)

    ours = sorted(os.sched_getaffinity(0))
    places = {(policy, ours[-1 - lane % len(ours)]) for policy in (os.SCHED_IDLE, os.SCHED_OTHER) for lane in range(2)}
    await _until(lambda: {_standing(int(task.name)) for task in Path(f"/proc/{pid}/task").iterdir()} >= places)


async def test_one_that_comes_to_nothing_makes_way_for_one_that_does_not_stand_behind_everything_for_a_while() -> None:
    with closing(Hashing(1, patience=0.2, hurry=3600)) as hashing:
        held = asyncio.create_task(hashing.ask("", PASSWORD))
        await _until(lambda: hashing.pid is not None)
        first = hashing.pid
        assert first
        # On a busy machine it may have had to go already.
        with suppress(ProcessLookupError):
            os.kill(first, signal.SIGSTOP)

        known = await held
        hurried = hashing.pid
        assert hurried
        assert _gone(first)
        assert os.getpriority(os.PRIO_PROCESS, hurried) == os.getpriority(os.PRIO_PROCESS, 0)
        assert await hashing.ask(known, PASSWORD) == known
        assert hashing.pid == hurried


async def test_after_a_while_it_stands_behind_everything_again() -> None:
    with closing(Hashing(1, patience=WAIT, hurry=0.0)) as hashing:
        await hashing.ask("", PASSWORD)
        assert hashing.pid
        assert os.getpriority(os.PRIO_PROCESS, hashing.pid) == LOWEST
        hashing._hurried_until = time.monotonic() + 3600
        os.kill(hashing.pid, signal.SIGKILL)
        await _until(lambda: hashing.pid is None)
        await hashing.ask("", PASSWORD)
        hurried = hashing.pid
        assert hurried
        assert os.getpriority(os.PRIO_PROCESS, hurried) != LOWEST

        hashing._hurried_until = 0.0
        await hashing.ask("", PASSWORD)

        assert hashing.pid
        assert hashing.pid != hurried
        assert os.getpriority(os.PRIO_PROCESS, hashing.pid) == LOWEST


async def test_who_went_away_keeps_their_place_until_the_work_is_done() -> None:
    with closing(Passwords(workers=1, waiting=0, patience=WAIT)) as passwords:
        pid, asked = await _held(passwords)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert asked.cancelled()

        with pytest.raises(Busy):
            await passwords.verify(DUMMY, PASSWORD)
        os.kill(pid, signal.SIGCONT)

        async with asyncio.timeout(WAIT):
            while not await _verified(passwords):
                await asyncio.sleep(PAUSE)
        assert passwords.pid == pid


async def _verified(passwords: Passwords) -> bool:
    try:
        return not await passwords.verify(DUMMY, PASSWORD)
    except Busy:
        return False


async def test_closing_ends_it_whatever_is_under_way(passwords: Passwords) -> None:
    pid, asked = await _held(passwords)

    passwords.close()

    with pytest.raises(Busy):
        await asked
    assert _gone(pid)
    with pytest.raises(Busy):
        await passwords.hash(PASSWORD)
    assert passwords.pid is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_everybody_lets_its_parent_finish(passwords: Passwords, number: signal.Signals) -> None:
    pid, asked = await _held(passwords)

    os.kill(pid, number)
    os.kill(pid, signal.SIGCONT)

    assert await asked
    assert passwords.pid == pid


async def test_it_ends_with_its_parent_however_that_ends() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", STARTS_ONE, stdout=PIPE, stderr=PIPE)
    assert parent.stdout
    assert parent.stderr
    pid = int(await parent.stdout.readline())
    assert not _gone(pid)

    parent.kill()

    async with asyncio.timeout(WAIT):
        # Both write there: it ends when both have ended.
        assert await parent.stderr.read() == b""
    await parent.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_it_is_told_no_secrets(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPRINT_SECRET_KEY", "a secret of the installation")
    pid = await _started(passwords)

    told = Path(f"/proc/{pid}/environ").read_bytes() + Path(f"/proc/{pid}/cmdline").read_bytes()

    assert b"program.py" in told
    assert b"secret" not in told
    assert PASSWORD.encode() not in told
