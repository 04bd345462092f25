"""Runs that are told of while they go on, where nobody listens."""

from __future__ import annotations


def quiet(_line: str) -> None:
    """Takes every line."""
