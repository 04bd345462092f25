from __future__ import annotations

import pytest

from auth.catalogs import wording
from auth.languages import accepted, listed, offered
from tenants.sentences import as_sentence, joined, sentence


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("de-AT,en;q=0.8", "de"),
        ("en;q=0.5, fr-CH;q=0.9, de;q=0.7", "fr"),
        ("nl, pt;q=0.9, de;q=0.1", "de"),
        ("nl,pt", None),
        ("de;q=0, fr", "fr"),
        ("de;q=x, fr", "fr"),
        ("*", None),
        ("", None),
        (None, None),
        (";;;,,,=", None),
        ("é" * 5000, None),
    ],
)
def test_a_browser_is_answered_in_the_language_it_prefers_of_those_there_are(header: str | None, language: str | None) -> None:
    assert accepted(header) == language


def test_tags_are_taken_by_their_language_and_in_order() -> None:
    assert [offered(tag) for tag in ("de-AT", "FR", "en", "nl", "", None)] == ["de", "fr", "en", None, None, None]
    assert listed("nl fr-CA de") == "fr"


def test_a_sentence_is_english_for_programs_and_anything_for_pages() -> None:
    said = sentence("takes {least} to {most}", least=1, most=1000)
    assert said == "takes 1 to 1000"
    assert wording("en").said(said) == "takes 1 to 1,000"
    assert wording("de").said("Sign out") == "Abmelden"
    assert wording("de").said("nobody wrote this") == "nobody wrote this"
    assert wording("en").said(joined("One {brace}.", as_sentence("Two."))) == "One {brace}. Two."
