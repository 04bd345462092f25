"""samlp (Auth0's) as the SAML providers of several organizations, each with a key of its own, in one process on this machine."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from ops.bench.identity_provider import pair_of
from ops.stack.children import Child
from ops.stack.memory import free_port

HERE = Path(__file__).parent / "samlp"
NODE = shutil.which("node")
READY_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Samlp:
    port: int
    folder: Path

    def metadata_url(self, slug: str) -> str:
        return f"http://127.0.0.1:{self.port}/{slug}/metadata"

    def change(self, slug: str, **given: Any) -> None:
        """`sp`: the certificate to encrypt for; `mode`: what is signed."""
        file = self.folder / "providers.json"
        known = json.loads(file.read_text())
        known[slug] |= given
        file.write_text(json.dumps(known))


def missing() -> str | None:
    """What this machine lacks for it."""
    if NODE is None:
        return "peer nodejs is not installed"
    return None if (HERE / "node_modules" / "samlp").is_dir() else "peer samlp is not installed"


@contextmanager
def samlp(folder: Path, *slugs: str) -> Iterator[Samlp]:
    """At each organization there is alice (editors, staff), bob and carol (staff), with addresses in `{slug}.example`."""
    assert NODE is not None
    peer = Samlp(free_port(), folder)
    (folder / "providers.json").write_text(json.dumps({slug: _provider(slug) for slug in slugs}))
    child = Child("samlp", [NODE, HERE / "provider.js", str(peer.port), folder], log=folder / "samlp.log")
    child.start()
    try:
        _wait(child, peer.metadata_url(slugs[0]))
        yield peer
    finally:
        child.kill()


def _provider(slug: str) -> dict[str, Any]:
    pair = pair_of(f"samlp-{slug}")
    people = {
        name: {"email": f"{name}.samlp@{slug}.example", "name": f"{name.title()} of {slug.title()}", "groups": groups}
        for name, groups in (("alice", ["editors", "staff"]), ("bob", ["staff"]), ("carol", ["staff"]))
    }
    return {"key": pair.key, "cert": pair.certificate, "sp": None, "mode": "assertion", "users": people}


def _wait(child: Child, url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.running:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"samlp did not start: {child.last_words()}")
