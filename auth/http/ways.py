"""The providers through which somebody can come in, as pages offer them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from auth.http.context import AnyRequest, tenant_of
from auth.http.hints import with_hint
from auth.parts import Parts


@dataclass(frozen=True, slots=True)
class Way:
    """`href`: where it begins; where it is not `available`, that page gives a number for the administrator."""

    label: str
    href: str
    available: bool


async def ways_in(parts: Parts, request: AnyRequest, wanted: str, hint: str) -> list[Way]:
    """`wanted`: where they go on to; `hint`: who they are likely to be, or nothing."""
    onward = urlencode({"next": wanted})
    return [
        Way(connection.label, with_hint(f"{parts.modules[connection.kind].start(connection)}?{onward}", hint), connection.unopened is None)
        for connection in await parts.connections.enabled(tenant_of(request))
        if connection.kind in parts.modules
    ]
