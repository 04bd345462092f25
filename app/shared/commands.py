"""How a context offers its commands to the bus."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from app.shared.aggregates import Aggregate, Aside
from auth.principal import Principal
from tenants.transaction import Transaction

Command = TypeVar("Command")
Touched = Sequence[Aggregate] | Sequence[Aside]
Handler = Callable[[Any, Principal, Transaction], Awaitable[Touched]]

HANDLERS: dict[type, Handler] = {}


def handles(
    command: type[Command],
) -> Callable[
    [Callable[[Command, Principal, Transaction], Awaitable[Touched]]],
    Callable[[Command, Principal, Transaction], Awaitable[Touched]],
]:
    """Register the one handler of a command; it returns the aggregates it touched, saved, with what they recorded, or what it did aside."""

    def register(
        handler: Callable[[Command, Principal, Transaction], Awaitable[Touched]],
    ) -> Callable[[Command, Principal, Transaction], Awaitable[Touched]]:
        if command in HANDLERS:
            raise TypeError(f"{command.__name__} has a handler already")
        HANDLERS[command] = handler
        return handler

    return register
