"""Who reacts to what. Filled when the reactions' modules are imported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from auth.realms.realms import Realms
    from tenants.database import Database
    from tenants.events import StoredEvent
    from tenants.registry import Tenant
    from tenants.transaction import Transaction
    from workers.mail import Postman


@dataclass(frozen=True, slots=True)
class Reacting:
    """What a reaction inside the tenant's database gets: whatever it writes commits once, with the note that it did."""

    tenant: Tenant
    event: StoredEvent
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class CallingOut:
    """What a reaction with an effect outside gets. It may run again after a crash: `delivery_id` is the idempotency key."""

    tenant: Tenant
    event: StoredEvent
    delivery_id: UUID
    database: Database
    postman: Postman
    realms: Realms


@dataclass(frozen=True, slots=True)
class Firing:
    """What a due timer's handler gets; its writes commit once, as a reaction's do."""

    tenant: Tenant
    timer_id: UUID
    subject_id: UUID
    due_at: datetime
    data: dict[str, Any]
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class FiringOut:
    """What a due timer's handler with an effect outside gets; as `CallingOut`, it may run again after a crash."""

    tenant: Tenant
    timer_id: UUID
    subject_id: UUID
    data: dict[str, Any]
    delivery_id: UUID
    database: Database
    postman: Postman


React = Callable[[Reacting], Awaitable[None]]
CallOut = Callable[[CallingOut], Awaitable[None]]
Fire = Callable[[Firing], Awaitable[None]]
FireOut = Callable[[FiringOut], Awaitable[None]]

INSIDE: dict[str, React] = {}
OUTSIDE: dict[str, CallOut] = {}
TIMERS: dict[str, Fire] = {}
OUTSIDE_TIMERS: dict[str, FireOut] = {}
_BY_EVENT: dict[str, tuple[str, ...]] = {}
_AWAITED: list[str] = []


def handlers_of(event_type: str) -> tuple[str, ...]:
    """The names of all reactions to this type of event."""
    return _BY_EVENT.get(event_type, ())


def awaited() -> list[str]:
    """The names of the reactions that somebody sits and waits for."""
    return list(_AWAITED)


def timer_handler(kind: str) -> str:
    """The name that a timer's delivery goes by."""
    return f"timer:{kind}"


def reacts_to(*event_types: str, name: str) -> Callable[[React], React]:
    """Register an effect in the tenant's own tables. `name` is stored with every delivery: never change it."""

    def register(function: React) -> React:
        _add(name, event_types)
        INSIDE[name] = function
        return function

    return register


def calls_out_on(*event_types: str, name: str, awaited: bool = False) -> Callable[[CallOut], CallOut]:
    """Register an effect outside: a mail, a call. `awaited`: somebody sits and waits for it, so it goes before what nobody waits for."""

    def register(function: CallOut) -> CallOut:
        _add(name, event_types, awaited=awaited)
        OUTSIDE[name] = function
        return function

    return register


def fires(kind: str, *, awaited: bool = False) -> Callable[[Fire], Fire]:
    """Register what a timer of this kind does when it is due; `awaited` as for `calls_out_on`."""

    def register(function: Fire) -> Fire:
        _add(timer_handler(kind), (), awaited=awaited)
        TIMERS[timer_handler(kind)] = function
        return function

    return register


def fires_out(kind: str, *, awaited: bool = False) -> Callable[[FireOut], FireOut]:
    """Register what a timer of this kind does outside when it is due; `awaited` as for `calls_out_on`."""

    def register(function: FireOut) -> FireOut:
        _add(timer_handler(kind), (), awaited=awaited)
        OUTSIDE_TIMERS[timer_handler(kind)] = function
        return function

    return register


def _add(name: str, event_types: tuple[str, ...], *, awaited: bool = False) -> None:
    if any(name in known for known in (INSIDE, OUTSIDE, TIMERS, OUTSIDE_TIMERS)):
        raise TypeError(f"{name} is registered already")
    if awaited:
        _AWAITED.append(name)
    for event_type in event_types:
        _BY_EVENT[event_type] = (*_BY_EVENT.get(event_type, ()), name)
