"""What a check expects and finds waits in no language, until somebody reads it."""

from __future__ import annotations

import json

from auth.catalogs import wording
from auth.sso.checks import AS_EXPECTED, LONGEST, Check, Checks
from tenants.sentences import Sentence, joined, sentence


def test_a_check_comes_out_of_json_as_it_went_in() -> None:
    words = sentence("{number} of them", number=3)
    check = Check("signed", joined(words, sentence("the attribute {name}", name="mail"), by=", "), "https://a.example/{x}", passed=True)

    again = Check.of(json.loads(json.dumps(check.document())))

    assert again == check
    assert wording("de").said(again.expected) == "Anzahl: 3, das Attribut mail"
    assert wording("fr").said(again.found) == "https://a.example/{x}"


def test_a_fixed_text_is_said_in_another_language_with_braces_and_all() -> None:
    check = Check.of(Check("x", "a filter like (uid={login})", AS_EXPECTED).document())

    assert isinstance(check.found, Sentence)
    assert (check.expected, wording("de").said(check.found)) == ("a filter like (uid={login})", "wie erwartet")


def test_what_a_provider_says_at_length_or_in_nul_is_kept_as_far_as_it_can_be() -> None:
    checks = Checks()
    checks.require("token_key", "a key", sentence("the key {name}", name="k\0" * LONGEST), when=True)

    assert checks.done[0].found == "the key " + "k" * (LONGEST // 2 * 2)
    assert wording("de").said(checks.done[0].found).startswith("der Schlüssel kkk")
