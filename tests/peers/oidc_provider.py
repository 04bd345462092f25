"""oidc-provider (panva's) as the OpenID provider of one organization, on this machine."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ops.stack.children import Child
from ops.stack.memory import free_port

HERE = Path(__file__).parent / "oidc_provider"
NODE = shutil.which("node")
READY_SECONDS = 90
CLIENT, SECRET = "imprint", "a-secret-of-the-tests-0123456789abcdef"


@dataclass(frozen=True, slots=True)
class OidcProvider:
    port: int

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def missing() -> str | None:
    """What this machine lacks for it."""
    if NODE is None:
        return "peer nodejs is not installed"
    return None if (HERE / "node_modules" / "oidc-provider").is_dir() else "peer oidc-provider is not installed"


@contextmanager
def oidc_provider(folder: Path, slug: str, base: str) -> Iterator[OidcProvider]:
    """There are alice (editors, staff), carol (staff) and bob (staff, address not verified), at `{slug}.example`; any password is right."""
    assert NODE is not None
    peer = OidcProvider(free_port())
    child = Child(f"openid-{slug}", [NODE, HERE / "provider.mjs", str(peer.port), slug, base], log=folder / f"openid-{slug}.log")
    child.start()
    try:
        _wait(child, f"{peer.issuer}/.well-known/openid-configuration")
        yield peer
    finally:
        child.kill()


def _wait(child: Child, url: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.running:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError(f"oidc-provider did not start: {child.last_words()}")
