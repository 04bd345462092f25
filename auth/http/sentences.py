"""Refusals as pages say them, in whole sentences."""

from __future__ import annotations

from tenants.errors import Refusal, ValidationFailed
from tenants.sentences import as_sentence, joined, sentence

_OF_SOME = ("takes", "holds")
_SOME = {
    "password": as_sentence("A password {objection}."),
    "name": as_sentence("A name {objection}."),
    "slug": as_sentence("A short name {objection}."),
}
_THAT = {
    "password": as_sentence("That password {objection}."),
    "name": as_sentence("That name {objection}."),
    "slug": as_sentence("That short name {objection}."),
    "email": as_sentence("That e-mail address {objection}."),
}


def told(refusal: Refusal) -> str:
    """What is wrong with each field of a form; of every other refusal, its message."""
    if isinstance(refusal, ValidationFailed):
        return joined(*(_about(name, wrong) for name, wrong in refusal.fields.items()))
    return refusal.message


def _about(name: str, wrong: str) -> str:
    known = _SOME if wrong.startswith(_OF_SOME) else _THAT
    pattern = known.get(name) or f"{'A' if known is _SOME else 'That'} {name} {{objection}}."
    return sentence(pattern, objection=as_sentence(wrong))
