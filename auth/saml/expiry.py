"""Which certificates end soon: people are told before nobody can sign in any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from auth.saml.certificates import Span, span_of
from auth.saml.keys import keys_of
from auth.saml.settings import SamlSettings
from auth.sso.connections import Connection

THRESHOLDS = (0, 1, 7, 14, 30)


@dataclass(frozen=True, slots=True)
class Ending:
    """`within`: the narrowest of THRESHOLDS that holds, in days; 0: it has ended."""

    whose: Literal["provider", "own"]
    span: Span
    within: int


def endings(connection: Connection, now: datetime) -> list[Ending]:
    """At most the provider's last certificate and our current one: while another one goes on, nobody has to hurry."""
    provider = [span_of(certificate) for certificate in SamlSettings.kept(connection.settings).certificates]
    own = [span_of(pair.certificate) for pair in keys_of(connection.secrets)[:1]]
    return [*_ending("provider", provider, now), *_ending("own", own, now)]


def _ending(whose: Literal["provider", "own"], spans: Sequence[Span], now: datetime) -> list[Ending]:
    if not spans:
        return []
    last = max(spans, key=lambda span: span.ends)
    left = (last.ends - now).total_seconds() / 86400
    within = next((days for days in THRESHOLDS if left <= days), None)
    return [] if within is None else [Ending(whose, last, within)]
