from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from app.api.markdown import TAGS, article, safe_html


def test_commonmark_with_tables_becomes_html() -> None:
    assert safe_html("# Title\n\n*soft* **loud** ~~gone~~ `x < y`") == (
        "<h1>Title</h1>\n<p><em>soft</em> <strong>loud</strong> <s>gone</s> <code>x &lt; y</code></p>\n"
    )
    assert "<td>1</td>" in safe_html("| a |\n|---|\n| 1 |")
    assert safe_html("[x](https://example.org)") == '<p><a href="https://example.org" rel="noopener noreferrer nofollow">x</a></p>\n'


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](javascript:alert(1))",
        "<svg onload=alert(1)>",
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        '<a href="vbscript:msgbox(1)">x</a>',
        '[x](<javascript:alert(1)> "t")',
        "```html\n<script>alert(1)</script>\n```",
        '[x](https://example.org "\\" onmouseover=\\"alert(1)")',
    ],
)  # fmt: skip
def test_hostile_markdown_becomes_harmless(hostile: str) -> None:
    found = Elements()
    found.feed(safe_html(hostile))

    assert {tag for tag, _ in found.seen} <= TAGS
    for tag, attributes in found.seen:
        for name, value in attributes:
            assert name in {"href", "title", "src", "alt", "class", "rel"}, (tag, name)
            assert name not in {"href", "src"} or (value or "").startswith(("https://", "http://", "mailto:")), value


class Elements(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))


def test_headings_have_ids_that_the_table_of_contents_names() -> None:
    found = article("# Héllo *wörld*\n\n## Same\n\n## Same\n\n## Same 2\n\n# 日本\n\n#\n\n> ### `q` <b>\n")

    assert [(heading.id, heading.level, heading.text) for heading in found.headings] == [
        ("section-hello-world", 1, "Héllo wörld"),
        ("section-same", 2, "Same"),
        ("section-same-2", 2, "Same"),
        ("section-same-2-2", 2, "Same 2"),
        ("section-riben", 1, "日本"),
        ("section-q-b", 3, "q <b>"),
    ]
    assert re.findall(r' id="([^"]*)"', found.html) == [heading.id for heading in found.headings]
    assert "<h1></h1>" in found.html


def test_a_heading_that_is_nothing_but_symbols_has_an_id_all_the_same() -> None:
    assert [heading.id for heading in article("# ¶\n# ¶\n").headings] == ["section-p", "section-p-2"]


def test_ids_come_from_us_alone_and_bodies_of_comments_have_none() -> None:
    hostile = '# "><script id="x">\n\n<p id="y">\n\n[a](#b)\n'

    assert re.findall(r"<[^>]* id=[^>]*>", article(hostile).html) == ['<h1 id="section-script-id-x">']
    assert re.findall(r"<[^>]* id=[^>]*>", safe_html(hostile)) == []


def test_a_thousand_headings_alike_are_told_apart_quickly() -> None:
    assert len({heading.id for heading in article("# a\n" * 20_000).headings}) == 20_000
