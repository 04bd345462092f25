"""Post bodies as HTML that is safe to show anywhere."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt

TAGS = frozenset(
    [
        "a",
        "abbr",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "code": {"class"}, "ol": {"start"}, "td": {"align"}, "th": {"align"}}
_SCHEMES = {"http", "https", "mailto"}
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
_cleaner = nh3.Cleaner(tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow")


@lru_cache(maxsize=512)
def safe_html(markdown: str) -> str:
    """CommonMark with tables and strikethrough. Raw HTML shows as text; what remains is sanitized by an allow-list besides."""
    return str(_cleaner.clean(_markdown.render(markdown)))
