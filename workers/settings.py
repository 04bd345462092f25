"""What this package reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from tenants.environment import Environment

MEND_SMTP = "set smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465"


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How much runs at once and how long anything may take. Times are seconds.

    `deadline` is how long a started delivery may stay unfinished before somebody else starts it again; its handler is
    stopped at `handler_seconds`, well before. `orphan_seconds` is how long a published delivery may wait for a worker
    before its message counts as lost. The pause after a failure is `first_retry`, four times as long each time. `stock`
    is how many places for new tenants are kept ready.
    """

    threads: int = 8
    processes: int = 1
    attempts: int = 8
    deadline: int = 20
    orphan_seconds: int = 10
    first_retry: int = 1
    longest_retry: int = 3600
    smtp_url: str = ""
    mail_from: str = ""
    stock: int = 4

    @property
    def handler_seconds(self) -> float:
        return self.deadline * 0.75

    @property
    def idle_seconds(self) -> float:
        """How long Postgres lets a handler's open transaction stand still: after the handler was stopped, before its successor starts."""
        return self.deadline * 0.9

    @property
    def window(self) -> int:
        """How many deliveries may be on their way or running at once, over all tenants."""
        return max(64, 4 * self.threads * self.processes)

    @property
    def share(self) -> int:
        """How many of those may be one tenant's: a slow tenant leaves threads free for the others."""
        return max(1, self.threads * self.processes * 3 // 4)

    @property
    def awaited_share(self) -> int:
        """What somebody waits for may take this many of one tenant's: it finds room also where others fill the share."""
        return self.share + max(1, self.threads * self.processes // 8)

    @property
    def awaited_window(self) -> int:
        """What somebody waits for finds room also where all that may be on its way is."""
        return self.window + self.window // 4

    @classmethod
    def read(cls, env: Environment) -> Self:
        return cls(
            threads=env.number("IMPRINT_WORKER_THREADS", 8, least=1, most=256),
            processes=env.number("IMPRINT_WORKER_PROCESSES", 1, least=1, most=64),
            attempts=env.number("IMPRINT_DELIVERY_ATTEMPTS", 8, least=1, most=100),
            deadline=env.number("IMPRINT_DELIVERY_DEADLINE", 20, least=2, most=3600),
            orphan_seconds=env.number("IMPRINT_DELIVERY_ORPHAN", 10, least=1, most=3600),
            first_retry=env.number("IMPRINT_DELIVERY_RETRY", 1, least=0, most=3600),
            smtp_url=env.url("IMPRINT_SMTP_URL", ("smtp", "smtps", "file"), MEND_SMTP, optional=True),
            mail_from=env.text("IMPRINT_MAIL_FROM"),
            stock=env.number("IMPRINT_STOCK", 2 if env.text("IMPRINT_ENV") == "dev" else 4, least=0, most=500),
        )
