"""Which requests are traced. The choice comes first: a request that is not traced pays nothing for tracing."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ops.asgi import Scope

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.sampling import Sampler

PRODUCTION_SHARE = 0.01
STANDARD = "OTEL_TRACES_SAMPLER"
PARENT = b"traceparent"

Choice = Callable[[Scope], bool]


def share_of(*, dev: bool) -> float:
    """How many of the requests that nobody traces yet are traced: one in a hundred, in development all.

    Where the standard variable is set, the SDK decides by it (OpenTelemetry SDK configuration) and is asked about each.
    """
    return 1.0 if dev or os.environ.get(STANDARD) else PRODUCTION_SHARE


def chooser(*, traced: bool, dev: bool) -> Choice:
    """For each request whether it gets a span; what others trace already always does."""
    if not traced:
        return lambda _: False
    share = share_of(dev=dev)
    chance = random.Random().random if share < 1 else lambda: 0.0  # noqa: S311 - no secret; the system's own asks the kernel every time
    return lambda scope: chance() < share or any(name == PARENT for name, _ in scope["headers"])


def sampler(*, dev: bool) -> Sampler | None:
    """The SDK's part: chosen requests are kept, other roots by share; None leaves it to the standard variable."""
    if os.environ.get(STANDARD):
        return None
    from opentelemetry.context import Context  # noqa: PLC0415 - the SDK is loaded only where something is traced
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, Sampler, SamplingResult, TraceIdRatioBased  # noqa: PLC0415
    from opentelemetry.trace import Link, SpanKind, TraceState  # noqa: PLC0415
    from opentelemetry.util.types import Attributes  # noqa: PLC0415

    others = TraceIdRatioBased(share_of(dev=dev))

    class Chosen(Sampler):
        def should_sample(
            self,
            parent_context: Context | None,
            trace_id: int,
            name: str,
            kind: SpanKind | None = None,
            attributes: Attributes = None,
            links: Sequence[Link] | None = None,
            trace_state: TraceState | None = None,
        ) -> SamplingResult:
            by = ALWAYS_ON if kind is SpanKind.SERVER else others
            return by.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

        def get_description(self) -> str:
            return "ChosenRequests"

    return ParentBased(Chosen())
