from __future__ import annotations

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from ops.dev.greeting import where_metrics_are
from ops.dev.variables import variables
from ops.operators import Console, listen
from ops.settings import OperatorsSettings
from ops.stack.memory import Memory, free_port
from tenants.environment import Environment
from tenants.errors import ConfigurationError

TOKEN = "sixteen-characters"


@pytest.fixture
def console() -> Iterator[Console]:
    server = listen(OperatorsSettings("127.0.0.1", free_port(), TOKEN))
    yield server
    server.shutdown()
    server.server_close()


def asked(console: Console, path: str, authorization: str) -> int:
    connection = HTTPConnection("127.0.0.1", console.server_port, timeout=5)
    connection.request("GET", path, headers={"Authorization": authorization} if authorization else {})
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_token_that_is_set_is_asked_for_on_the_operators_port_too(console: Console) -> None:
    answers = [asked(console, "/metrics", given) for given in ("", "Bearer another", TOKEN, f"Bearer {TOKEN}")]

    assert answers == [401, 401, 401, 200]
    assert [asked(console, "/else", given) for given in ("", f"Bearer {TOKEN}")] == [401, 404]


def test_a_client_that_says_nothing_is_let_go(console: Console) -> None:
    console.silent_seconds = 0.2
    with socket.create_connection(("127.0.0.1", console.server_port), timeout=5) as silent:
        assert silent.recv(100) == b""


def test_the_port_is_on_loopback_unless_somebody_says_otherwise() -> None:
    said = {"IMPRINT_OPERATORS_PORT": "9100"}

    assert OperatorsSettings.read(Environment(said)).host == "127.0.0.1"
    assert OperatorsSettings.read(Environment({**said, "IMPRINT_OPERATORS_HOST": "10.0.0.7"})).host == "10.0.0.7"


def test_an_address_that_cannot_be_listened_on_is_a_problem_of_the_configuration(console: Console) -> None:
    with pytest.raises(ConfigurationError, match=f"IMPRINT_OPERATORS_PORT {console.server_port}"):
        listen(OperatorsSettings("127.0.0.1", console.server_port, TOKEN))


def test_the_greeting_shows_an_address_that_opens_or_a_command_with_the_token() -> None:
    own = {"IMPRINT_OPERATORS_PORT": "9100"}

    assert where_metrics_are(own) == "http://127.0.0.1:9100/metrics"
    chosen = {**own, "IMPRINT_OPERATORS_HOST": "::", "IMPRINT_OPERATORS_TOKEN": TOKEN}
    assert where_metrics_are(chosen) == f"curl -H 'Authorization: Bearer {TOKEN}' http://127.0.0.1:9100/metrics"


def test_a_development_stack_sets_no_token_but_keeps_one_that_was_chosen(tmp_path: Path) -> None:
    servers = {"IMPRINT_DATABASE_URL": "postgresql://app@localhost/imprint", "IMPRINT_REDIS_URL": "redis://localhost"}
    memory = Memory.fresh()

    assert "IMPRINT_OPERATORS_TOKEN" not in variables(servers, None, memory, 8000, tmp_path)
    assert variables({**servers, "IMPRINT_OPERATORS_TOKEN": TOKEN}, None, memory, 8000, tmp_path)["IMPRINT_OPERATORS_TOKEN"] == TOKEN
