from __future__ import annotations

from pathlib import Path

import pytest

from migrations.lint.escapes import escapes
from tests.unit.migrations.lint_examples import MAKE, Example
from tests.unit.migrations.linting import broken

RENAME = Example(("ALTER TABLE __tenant__.posts RENAME title TO headline",))
HARMLESS = Example((MAKE,))
REASON = "no release has ever read this column"


def rules(example: Example, folder: Path, source: str) -> list[str]:
    return [rule for rule, _ in broken(example, folder, source)]


def test_a_justified_exception_excuses_its_rule_and_no_other(tmp_path: Path) -> None:
    both = Example((*RENAME.statements, "DROP TABLE __tenant__.users"))

    assert rules(both, tmp_path, f"# check: allow rename because {REASON}\n") == ["drop-before-contract"]


def test_a_justification_goes_on_over_the_comment_lines_below_it(tmp_path: Path) -> None:
    source = "# check: allow rename because\n# no release has\n# ever read this column\nx = 1\n# another comment\n"

    assert [(escape.rule, escape.because) for escape in escapes(source)] == [("rename", REASON)]
    assert rules(RENAME, tmp_path, source) == []


@pytest.mark.parametrize(
    "comment", ["# check: allow rename", "# check: allow rename because", "# check: allow rename because of reasons", "# check: allow rename so"]
)
def test_an_exception_without_a_sentence_of_justification_is_a_finding(comment: str, tmp_path: Path) -> None:
    assert rules(RENAME, tmp_path, f"{comment}\n") == ["escape-unjustified"]


@pytest.mark.parametrize("comment", [f"# check: allow renames because {REASON}", "# check: skip this file", f"# check: rename because {REASON}"])
def test_an_exception_to_a_rule_that_nobody_made_excuses_nothing(comment: str, tmp_path: Path) -> None:
    assert rules(RENAME, tmp_path, f"{comment}\n") == ["rename", "escape-unknown-rule"]


def test_an_exception_that_excuses_nothing_is_a_finding(tmp_path: Path) -> None:
    assert broken(HARMLESS, tmp_path, f"# check: allow rename because {REASON}\n") == [("escape-unneeded", f"# check: allow rename because {REASON}")]


def test_an_exception_to_squawks_rules_is_judged_only_where_squawk_was_asked(tmp_path: Path) -> None:
    assert rules(HARMLESS, tmp_path, f"# check: allow squawk:ban-char-field because {REASON}\n") == []


@pytest.mark.parametrize("source", [f'x = "# check: allow rename because {REASON}"\n', f"x = 1  # check: allow rename because {REASON}\n"])
def test_only_a_comment_on_a_line_of_its_own_is_an_exception(source: str, tmp_path: Path) -> None:
    assert rules(RENAME, tmp_path, source) == ["rename"]
