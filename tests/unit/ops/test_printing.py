from __future__ import annotations

import pytest

from ops.cli.printing import print_record, print_table


def test_people_read_records_in_which_nothing_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    print_record(
        {
            "slug": "acme",
            "purge_after": None,
            "former_slugs": [],
            "hosts": ["acme.localhost", "news.example"],
            "quotas": {"members": 25, "posts": None},
            "domains": [{"host": "news.example", "verified": True}],
        }
    )

    assert capsys.readouterr().out.splitlines() == [
        "slug          acme",
        "purge_after   -",
        "former_slugs  -",
        "hosts         acme.localhost, news.example",
        "quotas        members=25 posts=-",
        "domains       host=news.example verified=True",
    ]


def test_people_read_tables_whose_cells_are_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"action": "tenant.renamed", "details": {"former": "old"}}, {"action": "tenant.purged", "details": {}}], ("action", "details"))

    assert capsys.readouterr().out.splitlines() == ["action          details", "tenant.renamed  former=old", "tenant.purged   -"]


def test_no_name_moves_a_terminals_cursor_or_turns_what_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"name": "A\x1b[2Jb\x9b\n\u202ecba"}, {"name": "Zoë 👩\u200d👩\u200d👧 أب\u00a0c"}], ("name",))

    assert [line.strip() for line in capsys.readouterr().out.split("\n")] == [
        "name",
        r"A\x1b[2Jb\x9b\n\u202ecba",
        "Zoë 👩\u200d👩\u200d👧 أب\u00a0c",
        "",
    ]
