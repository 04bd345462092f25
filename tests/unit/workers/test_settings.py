from __future__ import annotations

import pytest

from tenants.environment import Environment
from tenants.errors import ConfigurationError
from workers.loops import Pace
from workers.settings import WorkerSettings


def test_an_empty_environment_is_enough() -> None:
    env = Environment({})

    settings = WorkerSettings.read(env)
    env.finish()

    assert settings == WorkerSettings(threads=8, processes=1, attempts=8, deadline=20, orphan_seconds=10, first_retry=1)


def test_every_problem_is_said_at_once() -> None:
    env = Environment({"IMPRINT_WORKER_THREADS": "many", "IMPRINT_DELIVERY_ATTEMPTS": "0", "IMPRINT_SMTP_URL": "mail.example"})
    WorkerSettings.read(env)

    with pytest.raises(ConfigurationError) as wrong:
        env.finish()

    assert [problem.split()[0] for problem in wrong.value.problems] == ["IMPRINT_WORKER_THREADS", "IMPRINT_DELIVERY_ATTEMPTS", "IMPRINT_SMTP_URL"]


def test_one_organization_never_takes_every_thread() -> None:
    assert WorkerSettings(threads=8).share == 6
    assert WorkerSettings(threads=1).share == 1


def test_a_handler_ends_before_postgres_ends_it_and_that_before_its_successor_starts() -> None:
    settings = WorkerSettings()

    assert settings.handler_seconds < settings.idle_seconds < settings.deadline


def test_a_loop_slows_down_while_there_is_no_work() -> None:
    pace = Pace(busy=0.01, idle=0.03)

    assert pace.after(0.01, worked=False) == pytest.approx(0.015)
    assert pace.after(0.025, worked=False) == 0.03
    assert pace.after(0.03, worked=True) == 0.01


@pytest.mark.parametrize(
    ("environment", "stock"), [({}, 4), ({"IMPRINT_ENV": "dev"}, 2), ({"IMPRINT_STOCK": "0"}, 0), ({"IMPRINT_STOCK": "500"}, 500)]
)
def test_how_many_places_are_kept_ready(environment: dict[str, str], stock: int) -> None:
    env = Environment(environment)

    assert WorkerSettings.read(env).stock == stock
    env.finish()


def test_a_stock_larger_than_any_installation_needs_is_refused() -> None:
    env = Environment({"IMPRINT_STOCK": "501"})
    WorkerSettings.read(env)

    with pytest.raises(ConfigurationError, match="IMPRINT_STOCK is '501': set a whole number from 0 to 500"):
        env.finish()
