"""What this package reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Self, cast
from urllib.parse import unquote, urlsplit

from tenants.environment import Environment

MAKE_KEY = "make one with: python3 -c 'import base64,os; print(base64.b64encode(os.urandom(32)).decode())'"


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """Where the data lies and how tenants are addressed. Sizes are connections, times seconds, memory MB.

    `backend_memory` is what one connection's server process may keep of the tenants it met before it is replaced: an estimate
    from their number and their statements, about 0.6 to 4 MB a tenant. Behind a pooler, whose server connections are its own,
    set its server_lifetime instead.
    """

    database_url: str
    admin_database_url: str
    owner_role: str
    redis_url: str
    public_url: str
    secret_keys: tuple[bytes, ...] = field(repr=False)
    mode: Literal["production", "dev"]
    pooling: Literal["session", "transaction"]
    connections: int = 8
    acquire_timeout: int = 5
    lock_seconds: int = 5
    statement_seconds: int = 20
    tenants_per_connection: int = 500
    connection_age: int = 3600
    backend_memory: int = 150
    statement_cache: int = 1500

    @property
    def base_host(self) -> str:
        """The host under which every tenant's subdomain lies, lower case, without port."""
        return (urlsplit(self.public_url).hostname or "").lower()

    @property
    def login_role(self) -> str:
        """The role that the server and the workers log in as."""
        return unquote(urlsplit(self.database_url).username or "")

    @property
    def dev(self) -> bool:
        return self.mode == "dev"

    @classmethod
    def read(cls, env: Environment) -> Self:
        mode = cast('Literal["production", "dev"]', env.choice("IMPRINT_ENV", ("production", "dev"), "production"))
        return cls(
            database_url=env.url(
                "IMPRINT_DATABASE_URL", ("postgresql", "postgres"), "set postgresql://user:password@host/database of the server's login role"
            ),
            admin_database_url=env.url(
                "IMPRINT_ADMIN_DATABASE_URL", ("postgresql", "postgres"), "set the URL of the role that may create schemas and roles", optional=True
            ),
            owner_role=env.text("IMPRINT_OWNER_ROLE", "imprint_owner"),
            redis_url=env.url("IMPRINT_REDIS_URL", ("redis", "rediss", "unix"), "set redis://host:port/0"),
            public_url=_public_url(env, mode),
            secret_keys=env.keys("IMPRINT_SECRET_KEY", MAKE_KEY),
            mode=mode,
            pooling=cast('Literal["session", "transaction"]', env.choice("IMPRINT_POOLING", ("session", "transaction"), "session")),
            connections=env.number("IMPRINT_CONNECTIONS", 8, least=1, most=500),
            backend_memory=env.number("IMPRINT_BACKEND_MEMORY", 150, least=20, most=10_000),
        )


def _public_url(env: Environment, mode: str) -> str:
    default = "http://localhost:8000" if mode == "dev" else ""
    mend = "set the scheme, base domain and port that people see, e.g. https://imprint.example"
    url = env.url("IMPRINT_PUBLIC_URL", ("https", "http"), mend, default=default).rstrip("/")
    parts = urlsplit(url)
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        env.problem("IMPRINT_PUBLIC_URL", "holds more than scheme, domain and port", mend)
    if mode == "production" and parts.scheme == "http":
        env.problem("IMPRINT_PUBLIC_URL", "is not https, without which no browser keeps a session", "set the https address that people see")
    return url
