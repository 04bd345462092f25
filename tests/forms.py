"""What a page's forms carry, as a browser would send it along."""

from __future__ import annotations

import re

import httpx


def value_of(page: str, name: str) -> str:
    """Of the first field of that name."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found[1]


def form_of(page: httpx.Response) -> str:
    """What binds a form to the browser that it was shown in."""
    return value_of(page.text, "form")
