"""Post bodies as HTML that is safe to show anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import nh3
from markdown_it import MarkdownIt

from app.content.texts import plain
from app.shared.slugs import slug_from

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


_with_ids = nh3.Cleaner(
    tags=set(TAGS), attributes=ATTRIBUTES | {f"h{n}": {"id"} for n in range(1, 7)}, url_schemes=_SCHEMES, link_rel="noopener noreferrer nofollow"
)


@dataclass(frozen=True, slots=True)
class Heading:
    """`id` is the one that its element has in the HTML; it begins with a word of ours, so that it is no other element's of the page."""

    id: str
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    html: str
    headings: tuple[Heading, ...]


@lru_cache(maxsize=512)
def safe_html(markdown: str) -> str:
    """CommonMark with tables and strikethrough. Raw HTML shows as text; what remains is sanitized by an allow-list besides."""
    return str(_cleaner.clean(_markdown.render(markdown)))


@lru_cache(maxsize=256)
def article(markdown: str) -> Article:
    """As `safe_html`, with ids on the headings that say something, and these as a table of contents."""
    tokens = _markdown.parse(markdown)
    headings: list[Heading] = []
    taken: dict[str, int] = {}
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and (text := plain(inline.children or [])):
            heading = Heading(_free(f"section-{slug_from(text, fallback='')}".rstrip("-"), taken), int(opening.tag[1:]), text)
            opening.attrSet("id", heading.id)
            headings.append(heading)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return Article(str(_with_ids.clean(html)), tuple(headings))


def _free(id: str, taken: dict[str, int]) -> str:
    """The id, or the first with a number behind it that is free; taken from now on. `taken`: with the last number tried behind each."""
    free = id
    while free in taken:
        taken[id] += 1
        free = f"{id}-{taken[id]}"
    taken[free] = 1
    return free
