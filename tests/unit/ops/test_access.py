from __future__ import annotations

import json

import pytest

from ops.observe.access import access_log


def test_a_requests_line_is_json_whatever_its_path_holds(capsys: pytest.CaptureFixture[str]) -> None:
    access_log(dev=False)("GET", '/a"b\\c\n\u2028', 404, 0.0123, "01a2", None)
    access_log(dev=False)("POST", "/graphql", 200, 1.5, "01a3", "acme")

    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["path"], first["status"], first["ms"], first["tenant"]) == ('/a"b\\c\n\u2028', 404, 12.3, None)
    assert (second["tenant"], second["correlation_id"], second["level"]) == ("acme", "01a3", "info")
