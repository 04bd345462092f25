"""Stylesheets and fonts under names that hold their content's hash, so that browsers may keep them for good."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from tenants.errors import NotFound

FOLDER = Path(__file__).parent.parent / "static"
KEPT = "public, max-age=31536000, immutable"
_TYPES = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".js": "text/javascript"}
_HASH = 12
_URL = re.compile(rb'url\("([^":]+)"\)')


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    body: bytes
    media_type: str


class Assets:
    """Files of one folder, read once. Stylesheets are read last: they name the other files by their hashed names."""

    def __init__(self, folder: Path = FOLDER) -> None:
        files = [path for path in sorted(folder.rglob("*")) if path.suffix in _TYPES]
        self._served: dict[str, Asset] = {}
        self._names: dict[str, str] = {}
        for path in sorted(files, key=lambda path: path.suffix == ".css"):
            self._add(path.relative_to(folder).as_posix(), path)

    def url(self, name: str) -> str:
        """The address of a file, e.g. "imprint.css" or "fonts/inter.woff2". Raises KeyError for one that is not there."""
        return "/static/" + self._names[name]

    def served(self, name: str) -> Asset | None:
        return self._served.get(name)

    def _add(self, name: str, path: Path) -> None:
        body = path.read_bytes()
        if path.suffix == ".css":
            body = _URL.sub(lambda found: b'url("' + self._names[found[1].decode()].encode() + b'")', body)
        hashed = f"{path.stem}.{hashlib.sha256(body).hexdigest()[:_HASH]}{path.suffix}"
        self._names[name] = hashed
        self._served[hashed] = Asset(hashed, body, _TYPES[path.suffix])


ASSETS = Assets()


@get("/static/{name:str}")
async def serve_asset(name: FromPath[str]) -> Response[bytes]:
    asset = ASSETS.served(name)
    if asset is None:
        raise NotFound("There is no such file. Reload the page that named it.")
    return Response(asset.body, media_type=asset.media_type, headers={"Cache-Control": KEPT, "X-Content-Type-Options": "nosniff"})
