"""Send traces to a collector: the one module that imports OpenTelemetry (the extra ``tracing``)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from uuid import UUID

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from bot import __version__
from bot.core.traces import Span, Traces

SEND_S = 5.0
_ONE_SPAN = (1 << 64) - 1
_NS_PER_MS = 1_000_000


class OtlpTraces(Traces):
    """Sends spans in batches, in a thread; what cannot be sent is dropped.

    The ids of a trace come from the job's, so that what two processes did for one job is one trace.
    """

    is_on = True

    def __init__(self, url: str) -> None:
        self._resource = Resource.create({"service.name": "easel", "service.version": __version__})
        exporter = OTLPSpanExporter(endpoint=url, timeout=SEND_S)
        self._sending = BatchSpanProcessor(exporter)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[Self]:
        """Open it; at its end the rest is sent."""
        traces = cls(url)
        try:
            yield traces
        finally:
            await asyncio.to_thread(traces._sending.shutdown)

    def add(self, span: Span) -> None:
        """Add what has ended."""
        trace_id = UUID(span.job_id).int
        job = _context(trace_id, trace_id & _ONE_SPAN)
        own = job if span.attempt is None else _context(trace_id, _attempt_id(span))
        self._sending.on_end(
            ReadableSpan(
                "job" if span.attempt is None else "attempt",
                context=own,
                parent=None if span.attempt is None else job,
                resource=self._resource,
                attributes={f"easel.{name}": value for name, value in span.facts.items()},
                status=Status(StatusCode.OK if span.is_done else StatusCode.ERROR),
                start_time=span.began_at * _NS_PER_MS,
                end_time=span.ended_at * _NS_PER_MS,
            )
        )


def _context(trace_id: int, span_id: int) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=flags)


def _attempt_id(span: Span) -> int:
    name = f"{span.job_id} {span.attempt}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
