"""HTML of Markdown, as posts and comments show it."""

from __future__ import annotations

import re

import nh3
from markdown_it import MarkdownIt

HEADING = re.compile(r'<h(\d) id="([^"]*)">([^<]*)</h')


def anchored(markdown: str) -> str:
    """The world's headings are plain words and numbers."""
    return re.sub(r"<h(\d)>([^<]*)<", lambda h: f'<h{h[1]} id="section-{h[2].lower().replace(" ", "-")}">{h[2]}<', safe(markdown))


def safe(markdown: str) -> str:
    html = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(markdown)
    return nh3.clean(html, link_rel="noopener noreferrer nofollow")
