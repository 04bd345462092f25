"""Why an organization that was asked for is not made, for whoever asked: kept as a word, and said on the page in its reader's language."""

from __future__ import annotations

from tenants.sentences import as_sentence, sentence

TAKEN, FAILED = "taken", "failed"


def said(reason: str, slug: str) -> str:
    """A reason that is none of these words is its own text."""
    if reason == TAKEN:
        return sentence("The short name {slug} became somebody else's meanwhile. Ask again with another.", slug=slug)
    if reason == FAILED:
        return as_sentence("It could not be made just now, for reasons of ours. Ask again in a while.")
    return reason
