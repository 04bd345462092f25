from __future__ import annotations

import base64
import os

import pytest

from tenants.environment import Environment
from tenants.errors import ConfigurationError
from tenants.settings import TenantSettings

KEY = base64.b64encode(os.urandom(32)).decode()
GOOD = {
    "IMPRINT_DATABASE_URL": "postgresql://app:secret@db/imprint",
    "IMPRINT_REDIS_URL": "redis://cache:6379/0",
    "IMPRINT_PUBLIC_URL": "https://imprint.example",
    "IMPRINT_SECRET_KEY": KEY,
}


def read(variables: dict[str, str]) -> TenantSettings:
    env = Environment(variables)
    settings = TenantSettings.read(env)
    env.finish()
    return settings


def test_a_complete_environment_is_read() -> None:
    settings = read(GOOD)

    assert (settings.mode, settings.base_host, settings.login_role, len(settings.secret_keys)) == ("production", "imprint.example", "app", 1)


def test_everything_that_is_missing_or_wrong_is_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read({"IMPRINT_DATABASE_URL": "mysql://x", "IMPRINT_SECRET_KEY": f"{KEY},short", "IMPRINT_ENV": "staging", "IMPRINT_CONNECTIONS": "many"})

    named = {problem.split()[0] for problem in refused.value.problems}
    assert named == {
        "IMPRINT_DATABASE_URL", "IMPRINT_REDIS_URL", "IMPRINT_PUBLIC_URL", "IMPRINT_SECRET_KEY", "IMPRINT_ENV", "IMPRINT_CONNECTIONS",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    ["http://imprint.example", "https://user@imprint.example", "https://imprint.example/path", "https://imprint.example?q", "ftp://imprint.example"],
)
def test_in_production_the_public_url_is_https_and_nothing_more(url: str) -> None:
    with pytest.raises(ConfigurationError, match="IMPRINT_PUBLIC_URL"):
        read({**GOOD, "IMPRINT_PUBLIC_URL": url})


def test_a_list_of_no_keys_is_no_key() -> None:
    with pytest.raises(ConfigurationError, match="IMPRINT_SECRET_KEY"):
        read({**GOOD, "IMPRINT_SECRET_KEY": ","})


def test_a_problem_never_shows_a_secret() -> None:
    with pytest.raises(ConfigurationError) as refused:
        read({**GOOD, "IMPRINT_SECRET_KEY": "not-base64-but-secret", "IMPRINT_DATABASE_URL": "postgres//app:hunter2@db"})

    assert "not-base64-but-secret" not in str(refused.value)
    assert "hunter2" not in str(refused.value)
