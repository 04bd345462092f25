"""Traces over OTLP/HTTP, set up only where an endpoint is configured: the API alone costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version

from ops.observe.sampling import sampler


def configure(endpoint: str, service: str, *, dev: bool) -> Callable[[], None]:
    """Exports this process's spans to `endpoint` and returns what flushes them at its end; call it after any fork."""
    if not endpoint:
        return _nothing
    # The SDK and its exporter cost 8 MB and 150 ms, which a process without an endpoint need not pay.
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.name": service, "service.version": version("imprint")})
    provider = TracerProvider(sampler=sampler(dev=dev), resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint.rstrip("/") + "/v1/traces")))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _nothing() -> None:
    """There is nothing to flush."""
