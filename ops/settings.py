"""Everything that a process reads from its environment, all problems reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from auth.settings import AuthSettings
from ops.stack.addresses import LOOPBACK
from tenants.environment import Environment
from tenants.settings import TenantSettings
from workers.settings import WorkerSettings

TOKEN_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class OperatorsSettings:
    """`port` 0: no listener of its own, else on `host`. An empty `token`: no access through the main port, and none asked for on the own.

    `url`: under which people reach the console, without a path; where it is https, its cookies are for https alone.
    """

    host: str
    port: int
    token: str
    url: str = ""

    @classmethod
    def read(cls, env: Environment) -> Self:
        token = env.text("IMPRINT_OPERATORS_TOKEN")
        if token and len(token) < TOKEN_CHARACTERS:
            env.problem(
                "IMPRINT_OPERATORS_TOKEN", "is short enough to be guessed", f"set at least {TOKEN_CHARACTERS} random characters, or leave it out"
            )
        host, port = env.text("IMPRINT_OPERATORS_HOST", LOOPBACK), env.number("IMPRINT_OPERATORS_PORT", 0, least=1, most=65535)
        url = env.url("IMPRINT_OPERATORS_URL", ("https", "http"), "set the address under which operators reach their console", optional=True)
        return cls(host, port, token, url.rstrip("/") or f"http://{f'[{host}]' if ':' in host else host}:{port}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Each package's own settings under its name, and what belongs to no package.

    Seconds: `drain` between red and closed; `idle_seconds` until a connection that sends no whole header is closed, whether
    its first or the next after an answer; `body_seconds` for the whole of a request's body.
    """

    tenants: TenantSettings
    auth: AuthSettings
    workers: WorkerSettings
    operators: OperatorsSettings
    otlp_endpoint: str
    drain: int
    idle_seconds: int
    body_seconds: int

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Raises ConfigurationError with every problem of every package."""
        env = Environment(variables)
        tenants = TenantSettings.read(env)
        settings = cls(
            tenants=tenants,
            auth=AuthSettings.read(env),
            workers=WorkerSettings.read(env),
            operators=OperatorsSettings.read(env),
            otlp_endpoint=env.url("IMPRINT_OTLP_ENDPOINT", ("http", "https"), "set the collector's OTLP/HTTP address", optional=True),
            drain=env.number("IMPRINT_DRAIN_SECONDS", 0 if tenants.dev else 5, least=0, most=300),
            idle_seconds=env.number("IMPRINT_IDLE_SECONDS", 10, least=1, most=3600),
            body_seconds=env.number("IMPRINT_BODY_SECONDS", 30, least=1, most=3600),
        )
        env.finish()
        return settings


def admin_settings(variables: Mapping[str, str]) -> TenantSettings:
    """For commands that make roles and schemas. Raises ConfigurationError, also where no admin URL is set."""
    env = Environment(variables)
    settings = TenantSettings.read(env)
    env.required("IMPRINT_ADMIN_DATABASE_URL", "set the URL of the role that may create schemas and roles")
    env.finish()
    return settings
