"""What can be told from a text alone."""

from __future__ import annotations

import pytest

from app.content.texts import LONGEST_BEGINNING, beginning, reading_minutes


def test_a_beginning_is_the_first_paragraphs_in_plain_words() -> None:
    text = "# A heading\n\n![picture](https://example.org/x.png)\n\nIt *begins* with [a link](https://example.org),\n`code` and <b>."
    text += "\n\n- a list\n\nMore."

    assert beginning(text) == "It begins with a link, code and <b>. More."


def test_a_beginning_ends_at_a_word_and_says_that_there_is_more() -> None:
    found = beginning("word " * 200)

    assert len(found) <= LONGEST_BEGINNING
    assert found.endswith("word…")


@pytest.mark.parametrize("text", ["", "# Only a heading", "```\ncode\n```", "- one\n- two", "![x](https://example.org/x.png)"])
def test_what_has_no_paragraph_has_no_beginning(text: str) -> None:
    assert beginning(text) == ""


def test_only_the_front_of_a_very_long_text_is_read() -> None:
    assert beginning("- x\n" * 100_000 + "\n\nfar away") == ""


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("", 1), ("word " * 220, 1), ("word " * 221, 2), ("字" * 500, 1), ("字" * 1001, 3), ("word " * 110 + "字" * 250, 1), ("don't " * 220, 1)],
)
def test_minutes_are_counted_by_words_and_by_signs_of_scripts_without_spaces(text: str, minutes: int) -> None:
    assert reading_minutes(text) == minutes
