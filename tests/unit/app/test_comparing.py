"""Texts compared line by line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.content.comparing import CONTEXT, MOST_LINES, Kind, Part, compared

LINES = st.lists(st.sampled_from(["one\n", "two\n", "three\n", "\n", "ünï 🖋\n"]), max_size=30).map("".join)


@given(LINES, LINES)
def test_both_texts_can_be_read_off_the_parts_but_for_what_is_skipped(before: str, after: str) -> None:
    parts = compared(before, after)

    for text, other in ((before, Kind.ADDED), (after, Kind.REMOVED)):
        lines, at = text.splitlines(keepends=True), 0
        for part in parts:
            if part.kind is not other:
                assert part.kind is Kind.SKIPPED or "".join(lines[at : at + part.lines]) == part.text
                at += part.lines
        assert at == len(lines)


@given(LINES)
def test_what_is_the_same_is_skipped_whole(text: str) -> None:
    lines = len(text.splitlines())
    assert compared(text, text) == ([Part(Kind.SKIPPED, "", lines)] if lines else [])


def test_a_change_is_shown_between_a_few_lines_that_stayed() -> None:
    before = [f"line {n}\n" for n in range(20)]
    after = [*before[:10], "another\n", *before[11:]]

    parts = compared("".join(before), "".join(after))

    assert [(part.kind, part.lines) for part in parts] == [
        (Kind.SKIPPED, 10 - CONTEXT), (Kind.KEPT, CONTEXT),
        (Kind.REMOVED, 1), (Kind.ADDED, 1),
        (Kind.KEPT, CONTEXT), (Kind.SKIPPED, 9 - CONTEXT),
    ]  # fmt: skip


def test_what_is_too_long_to_compare_is_removed_and_added() -> None:
    before, after = "a\n" * (MOST_LINES + 1), "b\n" * (MOST_LINES + 1)

    assert [(part.kind, part.lines) for part in compared(before, after)] == [(Kind.REMOVED, MOST_LINES + 1), (Kind.ADDED, MOST_LINES + 1)]
