"""Traces of jobs and attempts, as a collector receives them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot.core.clock import Clock
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ErrorReply, ScriptedGateway, TaskReply
from tests.jobs.service_harness import RecordingCourier
from tests.jobs.test_recovery import fetch_gone
from tests.monitoring.monitored import monitored
from tests.quota.ledger_driver import ManualClock
from tests.waiting import quick_clock, until

DECLINED = ErrorReply(400, "moderation_blocked")


@dataclass
class Collector:
    """What was sent, and where to."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        """Receive one batch."""
        batch = ExportTraceServiceRequest.FromString(await request.read())
        for resource in batch.resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return web.Response(content_type="application/x-protobuf")


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Open a collector on loopback; it unpacks what aiohttp unpacks, such as gzip."""
    collector, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", collector.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
    try:
        yield collector
    finally:
        await runner.cleanup()


def facts(span: Span) -> dict[str, str]:
    return {each.key.removeprefix("easel."): each.value.string_value for each in span.attributes}


def named(spans: Sequence[Span], name: str) -> list[Span]:
    return [span for span in spans if span.name == name]


async def test_a_job_is_one_span_and_each_attempt_another_below_it(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Where a slow picture lost its time: in the queue, at the gateway, or in Discord."""
    now = ManualClock()
    gateway.gate.clear()
    async with collecting() as collector:
        given = {"traces_url": collector.url}
        async with monitored(tmp_path, gateway, Clock(now=now), **given) as harness:
            done = await harness.submit(RecordingCourier(), n=2)
            await until(lambda: len(gateway.bodies) == 2)
            now.ms += 4_000
            gateway.gate.set()
            await harness.services.job_service.drained()
            gateway.replies.append(DECLINED)
            failed = await harness.submit(RecordingCourier())
            await harness.services.job_service.drained()
    jobs = {span.trace_id: span for span in named(collector.spans, "job")}
    assert {UUID(bytes=id_) for id_ in jobs} == {UUID(done.id), UUID(failed.id)}
    attempts = named(collector.spans, "attempt")
    assert all(span.parent_span_id == jobs[span.trace_id].span_id for span in attempts)
    assert len({span.span_id for span in collector.spans}) == len(collector.spans) == 5
    job = jobs[UUID(done.id).bytes]
    assert (job.end_time_unix_nano - job.start_time_unix_nano) / 1e9 == 4
    assert facts(job) == {"end": "done", "model": "dall-e-3"}
    assert facts(jobs[UUID(failed.id).bytes]) == {"end": "failed", "model": "dall-e-3"}
    results = sorted(facts(span)["result"] for span in attempts)
    assert results == ["moderation", "received", "received"]
    assert {span.status.code for span in attempts if facts(span)["result"] == "received"} == {1}


async def test_two_processes_make_one_trace_of_a_job(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The one that ends it knows nothing of the other but the database."""
    gateway.gate.clear()
    gateway.replies.append(TaskReply())
    async with collecting() as collector:
        given = {"traces_url": collector.url}
        soon = quick_clock()
        async with monitored(tmp_path, gateway, soon, **given) as dying:
            job = await dying.submit(RecordingCourier())
            await until(lambda: gateway.polls > 0)
        assert collector.spans == []
        gateway.gate.set()
        async with monitored(tmp_path, gateway, soon, **given) as harness:
            taken = await harness.services.recovery.take_over()
            courier = RecordingCourier()
            await harness.services.recovery.resume(taken, lambda _job, _card: courier, fetch_gone)
            await harness.services.job_service.drained()
    assert {span.trace_id for span in collector.spans} == {UUID(job.id).bytes}
    assert sorted(span.name for span in collector.spans) == ["attempt", "job"]


async def test_a_collector_that_is_away_costs_no_picture(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Traces are dropped: people are served, and the end of the process waits for seconds only."""
    async with asyncio.timeout(60):
        nobody = "http://127.0.0.1:1/v1/traces"
        async with monitored(tmp_path, gateway, traces_url=nobody) as harness:
            await harness.submit(courier := RecordingCourier())
            await harness.services.job_service.drained()
    assert len(courier.results) == 1


@pytest.mark.parametrize("command", ["jobs", "gateways"])
async def test_without_an_address_nothing_of_it_is_loaded(
    tmp_path: Path, gateway: ScriptedGateway, command: str
) -> None:
    """Whoever traces nothing pays nothing for it: neither time at a start nor memory."""
    env = environment(tmp_path, gateway, PYTHONPROFILEIMPORTTIME="1")
    ended = await run("bot", command, folder=tmp_path, env=env, fresh=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.err.splitlines()}
    assert "asyncio" in loaded
    assert not loaded & {"opentelemetry", "prometheus_client", "requests"}
