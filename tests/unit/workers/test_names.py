"""What of a name goes into a letter to an address that is not proven."""

from __future__ import annotations

import pytest

from workers.names import LONGEST, harmless


@pytest.mark.parametrize("name", ["The Gazette", "Müller & Söhne GmbH", "S.A.R.L. Dupont", "Dr. Kim", "Version 1.5", "朝日新聞"])
def test_a_name_that_is_a_name_stays(name: str) -> None:
    assert harmless(name, "instead") == name


@pytest.mark.parametrize(
    "name",
    [
        "Win at http://evil.example",
        "evil.com",
        "go to www.evil",
        "bit.ly/x",
        "mail me@evil",
        "evil\u3002com",
        "evil\uff0ecom",
        "evil\u2024com",
        "see 10.0.0.1/x",
        "FTP://x",
    ],
)
def test_a_name_of_which_a_mail_program_would_make_a_link_is_left_out(name: str) -> None:
    assert harmless(name, "instead") == "instead"


def test_a_name_is_one_short_line() -> None:
    assert harmless("a\n b\t c", "") == "a b c"
    assert len(harmless("word " * 100, "")) <= LONGEST
