"""`imprint migrate new`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.commands import Ended, run_and_wait


def run(folder: Path, *arguments: str) -> Ended:
    environment = {"PATH": os.environ["PATH"], "IMPRINT_REVISIONS": str(folder)}
    return run_and_wait(["migrate", *arguments], environment)


def test_the_command_says_that_nothing_differs_and_writes_an_empty_revision_on_request(tmp_path: Path) -> None:
    nothing = run(tmp_path, "new", "Nothing")

    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing differs" in nothing.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []

    empty = run(tmp_path, "new", "Fill the posts' languages.", "--empty", "--python")

    path = Path(empty.out.strip())
    assert (empty.code, path.parent, path.name[4:]) == (0, tmp_path, "_fill_the_posts_languages.py")
    assert path.read_text().startswith('"""Fill the posts\' languages.\n\nExpand.\n"""\n')
    assert 'execution: str = "python"' in path.read_text().splitlines()
    assert run(tmp_path, "check").code == 0


@pytest.mark.parametrize(
    "arguments", [("", ""), ("one\ntwo", ""), ('say "yes"', ""), ("x", "--python", "--outside-transaction"), ("x", "--python", "--control")]
)
def test_what_cannot_be_written_is_refused_as_wrong_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, "new", *filter(None, arguments[1:]), "--", arguments[0])

    assert (done.code, done.out, list(tmp_path.iterdir())) == (2, "", [])
