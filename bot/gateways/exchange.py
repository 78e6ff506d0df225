"""One exchange: a paid request, its reply as files, and every step told before it is taken."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, aclosing, contextmanager, suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

import aiohttp
import structlog
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed, Picture
from bot.gateways.download import Downloader, DownloadFailed
from bot.gateways.events import (
    Answered,
    GatewayEvent,
    GatewayRequest,
    Preview,
    Received,
    Sending,
    TaskAccepted,
    TaskProgress,
)
from bot.gateways.gateway import CONNECT_TIMEOUT_S, Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.polling import TaskPoller, TaskStopped
from bot.gateways.reply.download_spool import DownloadSpool, SpoolFailed
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    request_id,
    unknown_field,
)
from bot.gateways.reply.event_stream import (
    EVENT_STREAM_TYPE,
    EventStream,
    StreamResult,
    is_event_stream,
)
from bot.gateways.reply.reader import ParsedReply, ReplyPicture, parse_url, read_reply
from bot.gateways.reply.redaction import redact
from bot.gateways.reply.streaming_json import JSON_WHITESPACE, StreamingJson
from bot.gateways.reply.task_status import SubmittedTask, submitted_task
from bot.gateways.request.body import RequestBuildFailed
from bot.gateways.request.builder import HttpRequest, open_request
from bot.gateways.request.fields import removable_field

log = structlog.get_logger()

_MAX_HOPS = 2
_SAME_METHOD = (HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT)


@dataclass(frozen=True, slots=True)
class CompleteResponse:
    """A reply that arrived as a whole."""

    status: int
    headers: Mapping[str, str]
    json_reader: StreamingJson


@dataclass(frozen=True)
class Exchange:
    """One order at one gateway, sent at most once.

    Events come in this order: ``Sending``, then ``Task`` with its ``Progress`` or else
    ``Preview``, then ``Answered`` where the pictures are addresses, and ``Received``.
    """

    order: GatewayRequest
    model: ModelAbilities
    gateway: Gateway
    session: aiohttp.ClientSession
    downloader: Downloader
    reading: asyncio.Lock
    clock: Clock

    async def events(self) -> AsyncGenerator[GatewayEvent, None]:
        """Send the order and run it; raise GatewayFailure when it brings no picture."""
        with self._spooling(before=Billed.NO) as spool, ExitStack() as line:
            request = line.enter_context(self._request())
            yield Sending(self.gateway.name)
            answer = await self.clock.wait(self._post(request, spool, line), "gateway")
            if isinstance(answer, EventStream):
                while picture := await answer.next_preview():
                    yield Preview(picture)
                reply: ParsedReply | SubmittedTask = self._streamed(answer.streamed)
            else:
                reply = self._read(answer)
            line.close()
            if isinstance(reply, SubmittedTask):
                yield TaskAccepted(reply.name)
            async with aclosing(self._rest(reply, spool)) as rest:
                async for event in rest:
                    yield event

    async def resume(self, task_id: str) -> AsyncGenerator[GatewayEvent, None]:
        """Poll a task that an earlier process was given on; nothing is sent again."""
        with self._spooling(before=Billed.MAYBE) as spool:
            async with aclosing(self._rest(SubmittedTask(task_id), spool)) as rest:
                async for event in rest:
                    yield event

    async def fetch(self, urls: Sequence[str]) -> AsyncGenerator[GatewayEvent, None]:
        """Download the pictures that an earlier process was answered; nothing is sent again."""
        with self._spooling(before=Billed.YES) as spool:
            found = tuple(ReplyPicture(source) for text in urls if (source := parse_url(text)))
            yield Received(await self._pictures(found[: self.order.n], spool), None)

    async def _rest(
        self, reply: ParsedReply | SubmittedTask, spool: DownloadSpool
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Go on from the answer to the paid request."""
        if isinstance(reply, SubmittedTask):
            poll = self._poll(reply, spool)
            while progress := await self._looked(poll):
                yield progress
            reply = poll.reply
        found = reply.found[: self.order.n]
        if urls := tuple(str(one.source) for one in found if isinstance(one.source, URL)):
            yield Answered(urls)
        yield Received(await self._pictures(found, spool), reply.usage)

    @contextmanager
    def _spooling(self, *, before: Billed) -> Iterator[DownloadSpool]:
        """Open the spool, and tell what it or the body refuses; ``before`` is for its opening."""
        billed = before
        try:
            with DownloadSpool(self.order.folder, self.order.stem, pictures=self.order.n) as spool:
                billed = Billed.YES
                yield spool
        except SpoolFailed as failed:
            raise self._failure(failed.kind, billed, failed.detail) from failed
        except RequestBuildFailed as failed:
            raise self._failure(
                failed.kind, Billed.NO, failed.detail, param=failed.param
            ) from failed

    # --- the paid request ---------------------------------------------------------------------

    def _request(self) -> AbstractContextManager[HttpRequest]:
        return open_request(self.order, self.model, self.gateway, now_ms=self.clock.now())

    async def _post(
        self, request: HttpRequest, spool: DownloadSpool, line: ExitStack
    ) -> CompleteResponse | EventStream:
        try:
            return await self._send(request, spool, line)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as unreachable:
            kind, billed, words = GatewayErrorKind.UNREACHABLE, Billed.NO, _words(unreachable)
        except (aiohttp.ClientError, TimeoutError) as lost:
            kind, billed, words = GatewayErrorKind.TIMEOUT_UNKNOWN, Billed.MAYBE, _words(lost)
        # Outside of the handlers, because aiohttp's errors carry addresses into tracebacks.
        raise self._failure(kind, billed, words)

    async def _send(
        self, request: HttpRequest, spool: DownloadSpool, line: ExitStack
    ) -> CompleteResponse | EventStream:
        url = request.url
        timeout = aiohttp.ClientTimeout(self.model.timeout_s, connect=CONNECT_TIMEOUT_S)
        for _ in range(_MAX_HOPS):
            response = await self.session.post(
                url,
                data=request.body,
                headers=request.headers,
                timeout=timeout,
                allow_redirects=False,
            )
            line.callback(response.close)  # a stream stays open between its previews
            if not HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
                return await self._begin(response, spool)
            url = self._target(response)
        raise self._redirected(HTTPStatus.PERMANENT_REDIRECT)

    async def _begin(
        self, response: aiohttp.ClientResponse, spool: DownloadSpool
    ) -> CompleteResponse | EventStream:
        """Read a reply as a whole, unless its beginning tells that it is a stream."""
        try:
            opening, streams = await self._opening(response)
            if streams:
                return self._stream(response, spool, opening)
            json_reader = StreamingJson(spool)
            chunk = opening or await response.content.readany()
            del opening  # a part of the reply, for as long as it takes
            while chunk:
                async with self.reading:
                    json_reader.feed(chunk)
                    await asyncio.sleep(0)  # twenty replies at once must not hold up the loop
                chunk = await response.content.readany()
            return CompleteResponse(response.status, response.headers, json_reader)
        except (aiohttp.ClientError, TimeoutError) as lost:
            words = _words(lost)
        raise self._lost(words, response.headers)

    async def _opening(self, response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
        """Return the first bytes, and whether they begin a stream."""
        opening, streams = b"", None if response.status < HTTPStatus.BAD_REQUEST else False
        while streams is None and (chunk := await response.content.readany()):
            opening = (opening + chunk).lstrip(JSON_WHITESPACE)
            streams = is_event_stream(response.content_type, opening)
        return opening, response.content_type == EVENT_STREAM_TYPE if streams is None else streams

    def _stream(
        self, response: aiohttp.ClientResponse, spool: DownloadSpool, opening: bytes
    ) -> EventStream:
        return EventStream(
            response,
            spool,
            self.clock,
            base=self._base,
            pictures=self.order.n,
            opening=opening,
        )

    def _target(self, response: aiohttp.ClientResponse) -> URL:
        # Any other redirect turns the POST into a GET, or takes the key to a stranger.
        if response.status in _SAME_METHOD and self.gateway.redirects != "none":
            with suppress(ValueError):
                target = response.url.join(URL(response.headers.get("Location", "")))
                if target.origin() == response.url.origin() and target != response.url:
                    return target
        raise self._redirected(response.status)

    def _redirected(self, status: int) -> GatewayFailure:
        detail = (
            f"the gateway redirects (HTTP {status}): add or drop the trailing slash of the path, "
            "and check http or https and the host in the base URL"
        )
        billed = Billed.MAYBE if status == HTTPStatus.SEE_OTHER else Billed.NO
        return self._failure(GatewayErrorKind.BAD_RESPONSE, billed, detail, http_status=status)

    # --- its reply ----------------------------------------------------------------------------

    @property
    def _base(self) -> URL:
        return URL(self.gateway.base_url.rstrip("/") + "/")

    def _read(self, whole: CompleteResponse) -> ParsedReply | SubmittedTask:
        """Look for pictures first, then for a task, because not every gateway heeds the flag."""
        reply = read_reply(whole.json_reader, self._base)
        answer = GatewayResponse(whole.status, whole.headers, reply.body, whole.json_reader.text)
        if whole.status < HTTPStatus.BAD_REQUEST:
            task = submitted_task(answer, self.gateway, now_ms=self.clock.now())
            if task and (task.is_pending or not reply.found):
                return task
            if reply.found:
                return reply
        raise self._refused(answer)

    def _refused(self, answer: GatewayResponse) -> GatewayFailure:
        """Return the failure of an answer to the order, and what it would do without."""
        failure = self._judged(self._verdict(answer), answer)
        name = unknown_field(answer)
        if name and (failure.kind, failure.billed) == (GatewayErrorKind.INVALID_REQUEST, Billed.NO):
            field = removable_field(name, self.order, self.model, self.gateway)
            failure.removable_field = field or ""
        return failure

    def _streamed(self, streamed: StreamResult) -> ParsedReply:
        if streamed.found:
            return ParsedReply(streamed.found, streamed.usage, None)
        if streamed.complaint:
            verdict = self._verdict(streamed.complaint)
            billed = Billed.MAYBE if streamed.began else verdict.billed
            raise self._judged(replace(verdict, billed=billed), streamed.complaint)
        if streamed.lost:
            raise self._lost(streamed.lost, streamed.headers)
        empty = ClassifiedError(
            GatewayErrorKind.NO_IMAGE, Billed.MAYBE, "the stream held no picture"
        )
        raise self._judged(empty, GatewayResponse(HTTPStatus.OK, streamed.headers, None, ""))

    def _verdict(self, answer: GatewayResponse) -> ClassifiedError:
        return classify_error(answer, now_ms=self.clock.now(), kinds=self.gateway.error_kinds)

    def _poll(self, task: SubmittedTask, spool: DownloadSpool) -> TaskPoller:
        return TaskPoller(task, self.gateway, self.session, spool, self.clock, base=self._base)

    async def _looked(self, poll: TaskPoller) -> TaskProgress | None:
        try:
            return await poll.next_progress()
        except TaskStopped as stopped:
            raise self._judged(stopped.verdict, stopped.answer) from None

    async def _pictures(
        self, found: tuple[ReplyPicture, ...], spool: DownloadSpool
    ) -> tuple[Picture, ...]:
        kind, detail = GatewayErrorKind.BAD_RESPONSE, "what arrived is no picture"
        pictures = []
        for number, one in enumerate(found, start=1):
            try:
                part = await self._file(one.source, spool)
            except DownloadFailed as failed:
                kind, detail = GatewayErrorKind.DOWNLOAD_FAILED, str(failed)
                log.warning("gateway.download_failed", gateway=self.gateway.name, detail=detail)
                continue
            if picture := await spool.keep(part, number, one.revised_prompt):
                pictures.append(picture)
        if not pictures:
            raise self._failure(kind, Billed.YES, detail)
        return tuple(pictures)

    async def _file(self, source: Path | URL, spool: DownloadSpool) -> Path:
        if isinstance(source, Path):
            return source
        part = spool.new_part()
        await self.downloader.fetch(source, part, timeout_s=self.model.timeout_s)
        return part

    # --- its failures -------------------------------------------------------------------------

    def _lost(self, words: str, headers: Mapping[str, str]) -> GatewayFailure:
        """Return the failure of a line that broke after its answer began."""
        return self._failure(
            GatewayErrorKind.TIMEOUT_UNKNOWN,
            Billed.MAYBE,
            words,
            request_id=request_id(headers),
        )

    def _judged(self, verdict: ClassifiedError, answer: GatewayResponse | None) -> GatewayFailure:
        return self._failure(
            verdict.kind,
            verdict.billed,
            verdict.message,
            param=verdict.param,
            retry_after_s=verdict.retry_after_s,
            http_status=answer.status if answer else None,
            request_id=request_id(answer.headers, answer.body) if answer else None,
        )

    def _failure(
        self,
        kind: GatewayErrorKind,
        billed: Billed,
        words: str,
        *,
        param: str = "",
        retry_after_s: float | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> GatewayFailure:
        secrets = (
            *self.gateway.secrets,
            self.gateway.url.raw_host or "",
            self.order.image_request.prompt,
        )
        return GatewayFailure(
            kind=kind,
            gateway=self.gateway.name,
            billed=billed,
            param=param,
            retry_after_s=retry_after_s,
            http_status=http_status,
            request_id=request_id,
            detail=redact(words, secrets),
        )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
