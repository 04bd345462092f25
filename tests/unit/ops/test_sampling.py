from __future__ import annotations

import pytest

from ops.observe.sampling import PRODUCTION_SHARE, STANDARD, chooser

PLAIN = {"headers": [(b"host", b"acme.localhost")]}
TRACED = {"headers": [(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(STANDARD, raising=False)


def test_without_a_collector_nothing_is_traced() -> None:
    assert not any(chooser(traced=False, dev=True)(scope) for scope in (PLAIN, TRACED))


def test_in_development_everything_is() -> None:
    assert all(chooser(traced=True, dev=True)(PLAIN) for _ in range(200))


def test_in_production_a_share_is_and_whatever_others_trace_already() -> None:
    chosen = chooser(traced=True, dev=False)

    assert sum(chosen(PLAIN) for _ in range(20_000)) == pytest.approx(20_000 * PRODUCTION_SHARE, rel=0.5)
    assert all(chosen(TRACED) for _ in range(200))


def test_where_the_standard_variable_is_set_the_sdk_is_asked_about_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STANDARD, "parentbased_traceidratio")

    assert all(chooser(traced=True, dev=False)(PLAIN) for _ in range(200))
