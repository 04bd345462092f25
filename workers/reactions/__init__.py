"""What follows from events. Importing this package fills the registry."""

from __future__ import annotations

from workers.reactions import decisions, publications

__all__ = ["decisions", "publications"]
