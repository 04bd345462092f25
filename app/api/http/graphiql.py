"""GraphiQL: its page and its files, all from our own address, without inline scripts."""

from __future__ import annotations

from html import escape
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from tenants.errors import NotFound

FOLDER = Path(__file__).parent.parent / "static" / "graphiql"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
HEADERS = {
    # Fonts and icons lie in GraphiQL's stylesheet as data; the hash is of the one style element that its dialogs add.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-Y/huXlwoYkVyQlxwSVcCi1RCDGDCSVBzDt0hYP9qlTc='; font-src 'self' data:; "
        "img-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>GraphiQL - {organization}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/graphql/files/graphiql.min.css">
<link rel="stylesheet" href="/graphql/files/page.css">
<script defer src="/graphql/files/react.production.min.js"></script>
<script defer src="/graphql/files/react-dom.production.min.js"></script>
<script defer src="/graphql/files/graphiql.min.js"></script>
<script defer src="/graphql/files/page.js"></script>
</head>
<body data-form-token="{token}"><div id="graphiql">Loading GraphiQL …</div></body>
</html>
"""


def page(organization: str, form_token: str | None) -> bytes:
    """`form_token` is what a signed-in person's requests must carry; None for everybody else."""
    return _PAGE.format(organization=escape(organization), token=escape(form_token or "")).encode()


@get("/graphql/files/{name:str}")
async def serve_file(name: FromPath[str]) -> Response[bytes]:
    body = _files().get(name)
    if body is None:
        raise NotFound("There is no such file. Reload the page that named it.")
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(body, media_type=_TYPES[Path(name).suffix], headers=headers)


def _files() -> dict[str, bytes]:
    """The few files that exist, by name: what is asked for never becomes a path."""
    return {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _TYPES}
