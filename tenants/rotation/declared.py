"""What lies under an organization's key. Each package declares its own part; whoever composes them brings all of it under a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenants.statements import Statement

if TYPE_CHECKING:
    from tenants.database import Row
    from tenants.secrets import TenantKey


@dataclass(frozen=True, slots=True)
class Protected:
    """`page`: rows in the order of their key, `:batch` of them after `:after` (null: from the first on), the key as `key`.

    `resealed`: what `save` takes to bring a row under the key that protects now; None where it is there already. Raises
    Undecipherable. `save` changes the row only while it still holds what was read.
    """

    what: str
    page: Statement
    resealed: Callable[[Row, TenantKey], Mapping[str, Any] | None]
    save: Statement
