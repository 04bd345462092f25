"""Identifiers: UUID version 7 (RFC 9562, section 5.7), made by the application so that inserts stay in index order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    return UUID(int=uuid_utils.uuid7().int)


def first_id_at(moment: datetime) -> UUID:
    """No id made before that moment is larger, none made later is smaller."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
