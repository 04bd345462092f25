"""What `imprint migrate` refuses to be asked for, before anything is done."""

from __future__ import annotations

import json

import pytest

from ops.cli import main


@pytest.mark.parametrize(
    "given",
    [
        ("--jobs", "0"),
        ("--wave", "0"),
        ("--wave", "101%"),
        ("--wave", ""),
        ("--wave", "some"),
        ("--halt-at", "101"),
        ("--budget", "0"),
        ("--budget", "nan"),
        ("--budget", "inf"),
        ("--patience", "-1"),
        ("--index-patience", "nan"),
        ("--index-rows", "-1"),
        ("--wait", "nan"),
        ("--wait", "soon"),
    ],
)
@pytest.mark.parametrize("command", [("up",), ("down", "--to", "0001")])
def test_what_no_run_can_be_asked_for_is_wrong_usage(command: tuple[str, ...], given: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", *command, *given, "--json"]) == 2

    said = capsys.readouterr()
    assert f"Invalid value for '{given[0]}'" in said.err
    assert json.loads(said.out)["error"]["code"] == "WRONG_USAGE"
