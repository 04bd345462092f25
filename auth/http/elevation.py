"""What takes that somebody has lately proven who they are: the guard of pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from auth.destinations import own_path
from auth.errors import ElevationRequired
from auth.forms import SAFE_METHODS
from auth.http.context import AnyRequest
from auth.principal import Principal


def require_elevated(request: AnyRequest, principal: Principal, back: str | None = None) -> None:
    """Raises ElevationRequired unless they have proven within the last ten minutes who they are.

    Pages turn that into one that asks, and leads back: to `back`, to this page, or to the one whose form this is.
    """
    if not principal.elevated:
        raise ElevationRequired(back or _page_of(request))


def _page_of(request: AnyRequest) -> str:
    url = urlsplit(str(request.url) if request.method in SAFE_METHODS else request.headers.get("referer", ""))
    if url.netloc != request.headers.get("host", ""):
        return own_path(None)
    return own_path(f"{url.path}?{url.query}" if url.query else url.path)
