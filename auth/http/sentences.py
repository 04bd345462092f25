"""Refusals as pages say them, in whole sentences."""

from __future__ import annotations

from tenants.errors import Refusal, ValidationFailed

_OF_SOME = ("takes", "holds")


def sentence(refusal: Refusal) -> str:
    """What is wrong with each field of a form; of every other refusal, its message."""
    if isinstance(refusal, ValidationFailed):
        return " ".join(f"{'A' if wrong.startswith(_OF_SOME) else 'That'} {name} {wrong}." for name, wrong in refusal.fields.items())
    return refusal.message
