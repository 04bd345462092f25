from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from ops.alive import alive, processes, server_answers
from ops.dev import children
from ops.dev.children import ready
from ops.stack.memory import free_port
from tests.e2e.conftest import PASSWORD, Running
from tests.e2e.faults import as_owner

UPDATE = 'mutation { createPost(input: {title: "Traced", content: "x"}) { post { id } } }'
STEP = "mutation Step($id: ID!) { %s(input: {id: $id}) { changed } }"
TRIES = 450


async def test_health_says_how_each_part_is(running: Running) -> None:
    for _ in range(TRIES):
        async with running.client() as client:
            report = (await client.get("/health")).json()
        if report["workers"] == "ok":
            break
        await asyncio.sleep(0.2)

    assert {key: report[key] for key in ("status", "database", "cache", "workers")} == {
        "status": "ok", "database": "ok", "cache": "ok", "workers": "ok",
    }  # fmt: skip
    assert report["version"]


async def test_probes_answer_on_every_host(running: Running) -> None:
    for slug in (None, "acme", "nobody-here"):
        async with running.client(slug) as client:
            assert [(await client.get(f"/health/{probe}")).status_code for probe in ("live", "ready")] == [200, 200]


async def test_a_database_without_what_the_server_needs_is_down_and_the_probe_says_so(running: Running) -> None:
    async with running.client() as client:
        async with as_owner(running) as owner:
            await owner.execute("ALTER TABLE control.installation RENAME TO moved")
            try:
                ready = await _until(client, 503)
                report = await client.get("/health")
            finally:
                await owner.execute("ALTER TABLE control.moved RENAME TO installation")
        assert (ready.json(), ready.headers["retry-after"]) == ({"status": "down"}, "2")
        assert (report.status_code, report.json()["database"], report.json()["cache"]) == (503, "down", "ok")
        assert (await _until(client, 200)).json() == {"status": "ok"}


async def _until(client: httpx.AsyncClient, status: int) -> httpx.Response:
    """Readiness once it has this status; what it is is remembered for a second."""
    for _ in range(600):
        answer = await client.get("/health/ready")
        if answer.status_code == status:
            break
        await asyncio.sleep(0.1)
    return answer


async def test_the_containers_check_knows_a_server_and_a_worker(running: Running, tmp_path: Path) -> None:
    for role, child in (("server", running.server), ("worker", running.worker)):
        folder = tmp_path / role
        folder.mkdir()
        for pid in (child.pid, *_children(child.pid)):
            (folder / str(pid)).symlink_to(f"/proc/{pid}")
        assert alive(processes(folder), server_answers)

    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / str(running.worker.pid)).symlink_to(f"/proc/{running.worker.pid}")
    assert not alive(processes(alone), server_answers)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


async def test_metrics_exist_for_the_operator_alone(running: Running) -> None:
    await running.query("acme", "{ posts(first: 1) { nodes { id } } }", "reader")
    async with running.client() as client:
        anybody = await client.get("/metrics")
        wrong = await client.get("/metrics", headers={"Authorization": "Bearer a-token-of-somebody"})
        operator = await client.get("/metrics", headers={"Authorization": "Bearer a-token-for-the-tests"})

    assert (anybody.status_code, wrong.status_code, operator.status_code) == (404, 404, 200)
    for name in ("http_requests_total", "query_duration_seconds", "sign_ins_total"):
        assert name in operator.text


async def test_who_signs_in_gives_way_to_a_request_that_is_under_way(running: Running) -> None:
    """Its body does not come: it is under way until it is closed, and the sign-in waits its tenth of a second all the same."""
    login = {"email": "reader@globex.example", "password": PASSWORD}
    _, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(b"POST /graphql HTTP/1.1\r\nHost: acme.localhost\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{")
    try:
        async with running.client("globex") as client, asyncio.timeout(60):
            before = await _steps_that_gave_way(running)
            while await _steps_that_gave_way(running) == before:
                assert (await client.post("/auth/token", json=login)).status_code == 200
    finally:
        writer.close()


async def _steps_that_gave_way(running: Running) -> float:
    async with running.client() as client:
        exposed = (await client.get("/metrics", headers={"Authorization": "Bearer a-token-for-the-tests"})).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in exposed.splitlines() if line.startswith("imprint_steps_of_sign_ins_that_gave_way_total"))


@pytest.fixture
def collector() -> Iterator[tuple[int, list[Span]]]:
    """A port that takes OTLP over HTTP, and the spans that came."""
    spans: list[Span] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
            spans.extend(span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], spans
    server.shutdown()
    thread.join()
    server.server_close()


async def test_one_trace_leads_from_the_request_through_sql_and_the_event_to_the_handler(running: Running, collector: tuple[int, list[Span]]) -> None:
    port, spans = collector
    environment = {**running.environment, "IMPRINT_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "200"}
    await running.worker.stop()
    traced = Running(free_port(), environment, running.mail, running.server, running.worker)
    server = children.imprint("traced server", "serve", "--port", str(traced.port), env=environment, log=running.mail.parent / "traced.log")
    worker = children.imprint("traced worker", "worker", env=environment, log=running.mail.parent / "traced-worker.log")
    traced.environment = {**environment}
    server.start()
    worker.start()
    try:
        await ready(server, traced.port)
        post = (await traced.query("acme", UPDATE, "author"))["data"]["createPost"]["post"]["id"]  # type: ignore[index] # a GraphQL answer
        await traced.query("acme", STEP % "submitPost", "author", id=post)
        await traced.query("acme", STEP % "approvePost", "editor", id=post)
        found = await _trace_with(spans, "deliver users.notify_author")
    finally:
        await asyncio.gather(server.stop(), worker.stop())
        running.worker.start()

    names = {span.name for span in found}
    assert {"POST /graphql", "ApprovePost", "deliver users.notify_author"} <= names
    assert {"UPDATE", "SELECT"} <= names
    attributes = {attribute.key: attribute.value.string_value for span in found for attribute in span.attributes}
    assert attributes["tenant"] == "acme"


async def _trace_with(spans: list[Span], name: str) -> list[Span]:
    """Every span of the trace in which one of this name and a request occur."""
    for _ in range(TRIES):
        for span in [span for span in list(spans) if span.name == name]:
            trace = [other for other in list(spans) if other.trace_id == span.trace_id]
            if any(other.name == "POST /graphql" for other in trace):
                return trace
        await asyncio.sleep(0.2)
    raise AssertionError(sorted({span.name for span in spans}))
