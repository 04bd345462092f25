"""The response as it is put together in SQL: constant parts, bound as values, and expressions between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.api.compiler.parameters import Parameters


@dataclass(slots=True)
class ResponseText:
    """Neighbouring constants become one bound value."""

    parts: list[tuple[bool, str]] = field(default_factory=list)

    def say(self, constant: str) -> None:
        if self.parts and not self.parts[-1][0]:
            self.parts[-1] = (False, self.parts[-1][1] + constant)
        else:
            self.parts.append((False, constant))

    def put(self, sql: str) -> None:
        """An SQL expression of type text that is never null."""
        self.parts.append((True, sql))

    def constant(self) -> str | None:
        """The whole text, where it needs no SQL."""
        return None if any(is_sql for is_sql, _ in self.parts) else "".join(part for _, part in self.parts)

    def sql(self, parameters: Parameters) -> str:
        return " || ".join(part if is_sql else f"{parameters.constant(part)}::text" for is_sql, part in self.parts)
