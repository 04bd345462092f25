"""`imprint bench signin`: tokens, a SAML response, crowds at the door, what a refusal gives away, and a server with everything loaded."""

from __future__ import annotations

from ops.bench.report import Line
from ops.bench.servers import bench_stack, imprint
from ops.bench.signin import crowds, levels, loaded, saml, tokens
from ops.bench.signin.people import settle
from ops.bench.tenants import prepare

POSTS = 1_000


async def run() -> list[Line]:
    """About three minutes. Each attempt to sign in comes from an address of its own, which a trusted proxy tells."""
    async with bench_stack() as bench:
        where, _ = await prepare(bench, 2, POSTS)
        await settle(bench, where)
        lines = await tokens.measured(bench, where)
        async with saml.connected(bench, where) as answers, imprint(bench, IMPRINT_TRUSTED_PROXIES="127.0.0.1") as server:
            lines += await saml.measured(bench, where, answers)
            lines += await loaded.measured(bench, where, server)
            lines += await levels.measured(bench, where)
            return lines + await crowds.measured(bench, where, server)
