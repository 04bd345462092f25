"""Messages of a provider as they come in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came: by the query of an address, as it was sent, or by a form. `field`: SAMLRequest or SAMLResponse."""

    field: str
    query: str = ""
    posted: str = ""
