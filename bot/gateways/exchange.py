"""Run one gateway request: send the paid POST, read its reply, fetch the pictures into files."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus

import aiohttp
import structlog
from yarl import URL

from bot.core.clock import Clock
from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.call_tasks import submitted_task_of, task_id_of
from bot.gateways.download import Downloader
from bot.gateways.events import (
    Answered,
    GatewayEvent,
    GatewayRequest,
    Received,
    Sending,
    TaskAccepted,
)
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.paid_post import PostFailed, send_post
from bot.gateways.picture_files import PictureFetcher
from bot.gateways.polling import TaskPoller, TaskStopped
from bot.gateways.reply.download_spool import DownloadSpool, SpoolFailed
from bot.gateways.reply.error_classifier import (
    ClassifiedError,
    GatewayResponse,
    classify_error,
    request_id,
    tells_error,
    unknown_field,
)
from bot.gateways.reply.event_stream import EventStream, StreamResult
from bot.gateways.reply.outline import reply_outline
from bot.gateways.reply.reader import ParsedReply, ReplyPicture, parse_url, read_reply
from bot.gateways.reply.redaction import redact
from bot.gateways.reply.reply_body import ReplyBody
from bot.gateways.reply.surplus import SurplusLog
from bot.gateways.reply.task_status import (
    SubmittedTask,
    error_json,
    possible_task_id,
    status_word,
    task_state,
)
from bot.gateways.reply.unread_files import UnreadFiles
from bot.gateways.request.body import RequestBuildFailed
from bot.gateways.request.builder import HttpRequest, open_request
from bot.gateways.request.fields import call_for, removable_field

log = structlog.get_logger()

_MAX_EXCERPT = 200  # characters of a reply without a picture
_NO_PICTURE_KINDS = (GatewayErrorKind.NO_IMAGE, GatewayErrorKind.BAD_RESPONSE)
_EMPTY_STREAM = ClassifiedError(
    GatewayErrorKind.NO_IMAGE, Billed.MAYBE, "the stream held no picture"
)

PostReply = EventStream | ParsedReply | SubmittedTask
"""The reply to the paid POST: a stream, pictures, or a task to poll."""


@dataclass(frozen=True)
class Exchange:
    """One request at one gateway, sent at most once.

    Events come in this order: ``Sending``, then ``TaskAccepted`` with its ``TaskProgress`` or else
    ``Preview`` and ``TaskProgress`` of a stream, then ``Answered`` where the pictures are URLs, and
    ``Received``.
    """

    request: GatewayRequest
    model: ModelAbilities
    gateway: Gateway
    session: aiohttp.ClientSession
    downloader: Downloader
    reading: asyncio.Lock
    clock: Clock
    unread: UnreadFiles | None = None
    surplus: SurplusLog | None = None

    async def events(self) -> AsyncGenerator[GatewayEvent, None]:
        """Send the request and run it; raise GatewayFailure when it brings no picture."""
        with self._open_spool(billed_before=Billed.NO) as spool, ExitStack() as connection:
            http_request = connection.enter_context(
                open_request(self.request, self.model, self.gateway, now_ms=self.clock.now())
            )
            yield Sending(self.gateway.name)
            reply = await self.clock.wait(self._post(http_request, spool, connection), "gateway")
            if isinstance(reply, EventStream):
                while update := await reply.next_update():
                    yield update
                reply = self._stream_reply(reply.result)
            connection.close()
            if isinstance(reply, SubmittedTask):
                yield TaskAccepted(reply.name)
            async with aclosing(self._finish(reply, spool)) as rest:
                async for event in rest:
                    yield event

    async def resume(self, task_id: str) -> AsyncGenerator[GatewayEvent, None]:
        """Poll a task that an earlier process submitted; nothing is sent again."""
        with self._open_spool(billed_before=Billed.MAYBE) as spool:
            async with aclosing(self._finish(SubmittedTask(task_id), spool)) as rest:
                async for event in rest:
                    yield event

    def look(self, task_id: str) -> AsyncGenerator[GatewayEvent, None]:
        """Look once at a task that outlived its budget; nothing is sent again."""
        poll = self.gateway.poll
        once = replace(poll, budget_s=poll.interval_s)
        return replace(self, gateway=replace(self.gateway, poll=once)).resume(task_id)

    async def fetch(self, urls: Sequence[str]) -> AsyncGenerator[GatewayEvent, None]:
        """Download the URLs that an earlier process received; nothing is sent again."""
        with self._open_spool(billed_before=Billed.YES) as spool:
            found = (ReplyPicture(source) for text in urls if (source := parse_url(text)))
            reply = self._first(ParsedReply(tuple(found), None, None))
            yield await self._received(reply, spool, made=min(len(urls), self.request.n))

    async def _finish(
        self, reply: ParsedReply | SubmittedTask, spool: DownloadSpool
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Poll a task to its end, then fetch the pictures."""
        task_id = ""
        if isinstance(reply, SubmittedTask):
            poller = TaskPoller(
                replace(reply, modal=self.request.modal),
                self.gateway,
                self.session,
                spool,
                self.clock,
                reading=self.reading,
                prompts=self.request.prompts,
            )
            try:
                while progress := await poller.next_progress():
                    yield progress
            except TaskStopped as stopped:
                failure = self._classified_failure(stopped.error, stopped.response)
                raise failure from None
            task_id, reply = self._task_id(reply), poller.reply
        reply = self._first(reply)
        if urls := tuple(str(one.source) for one in reply.pictures if isinstance(one.source, URL)):
            yield Answered(urls, self.gateway.actions.buttons_of(reply.body), task_id)
        made = reply.units if reply.is_whole else self.request.n
        if not reply.is_whole:
            log.warning("gateway.reply_broke_off", gateway=self.gateway.name, held=reply.units)
        yield await self._received(reply, spool, made)

    def _task_id(self, task: SubmittedTask) -> str:
        call = call_for(self.request, self.model, self.gateway)
        return task_id_of(task.name, call, self.gateway, self.model.name)

    def _first(self, reply: ParsedReply) -> ParsedReply:
        """Return a reply with no more pictures than were asked for."""
        call = call_for(self.request, self.model, self.gateway)
        first = reply.first(self.request.n, self.gateway.actions.gives_of(call, reply.body))
        if self.surplus:
            self.surplus.note(reply, first, gateway=self.gateway.name, model=self.model.name)
        return first

    @contextmanager
    def _open_spool(self, *, billed_before: Billed) -> Iterator[DownloadSpool]:
        """Open the spool; turn its errors and the request builder's into GatewayFailure.

        ``billed_before`` is what is known about the payment while the spool cannot be opened.
        """
        billed = billed_before
        request = self.request
        try:
            with DownloadSpool(
                request.folder,
                request.stem,
                pictures=request.n,
                unread=self.unread,
                sent=request.sent_pictures,
            ) as spool:
                if billed_before is Billed.NO:
                    spool.check_space()
                billed = Billed.YES
                yield spool
        except SpoolFailed as failed:
            raise self._failure(failed.kind, billed, failed.detail) from failed
        except RequestBuildFailed as failed:
            raise self._failure(
                failed.kind, Billed.NO, failed.detail, param=failed.param
            ) from failed

    # --- the paid request ---------------------------------------------------------------------

    async def _post(
        self, request: HttpRequest, spool: DownloadSpool, connection: ExitStack
    ) -> PostReply:
        try:
            response = await send_post(
                self.session, request, self.gateway, connection, timeout_s=self.model.timeout_s
            )
        except PostFailed as failed:
            raise self._failure(
                failed.kind, failed.billed, failed.detail, http_status=failed.http_status
            ) from None
        return await self._read(response, spool)

    # --- its reply ----------------------------------------------------------------------------

    async def _read(self, response: aiohttp.ClientResponse, spool: DownloadSpool) -> PostReply:
        """Read the whole reply, unless its first bytes begin an event stream."""
        body = ReplyBody(response, spool, self.reading)
        await body.open()
        if body.kind == "events":
            return EventStream(
                response,
                spool,
                self.clock,
                base=self.gateway.reply_base,
                pictures=self.request.n,
                opening=body.opening,
            )
        await body.read()
        if body.picture:
            return ParsedReply.of_file(body.picture, is_whole=not body.connection_error)
        return self._parse(response, body)

    def _parse(self, http: aiohttp.ClientResponse, body: ReplyBody) -> ParsedReply | SubmittedTask:
        """Look for pictures, then for a task: not every gateway honours the async flag."""
        reply = read_reply(body.json, self.gateway.reply_base)
        response = GatewayResponse(http.status, http.headers, reply.body, body.json.text)
        if http.status < HTTPStatus.BAD_REQUEST:
            task = submitted_task_of(
                call_for(self.request, self.model, self.gateway),
                response,
                self.gateway,
                self.model.name,
                has_pictures=bool(reply.pictures),
                now_ms=self.clock.now(),
            )
            if task or reply.pictures:
                return task or replace(reply, is_cut_by_us=body.is_cut_by_us)
            if isinstance(reply.body, dict) and task_state(status_word(reply.body)) == "failure":
                response = replace(response, body=error_json(reply.body))
        if body.is_cut and http.status < HTTPStatus.BAD_REQUEST:
            raise self._connection_lost(body.connection_error, http.headers)
        raise self._request_failure(response)

    def _stream_reply(self, result: StreamResult) -> ParsedReply:
        if result.pictures:
            is_whole = not result.is_cut
            return ParsedReply(
                result.pictures, result.usage, None, is_whole, is_cut_by_us=result.is_cut_by_us
            )
        if result.error:
            error = self._classify(result.error)
            if result.has_begun:
                error = replace(error, billed=Billed.MAYBE)
            raise self._classified_failure(error, result.error)
        error = self._classify(result.last) if result.is_message else _EMPTY_STREAM
        # Some relays send no end; what a model declined is known without it.
        if result.connection_error and error.kind is not GatewayErrorKind.MODERATION:
            raise self._connection_lost(result.connection_error, result.headers)
        raise self._classified_failure(error, result.last)

    async def _received(self, reply: ParsedReply, spool: DownloadSpool, made: int) -> Received:
        """Return the picture files; raise GatewayFailure when not one of them is a picture."""
        timeout_s = self.model.timeout_s
        until_ms = self.clock.now() + round(timeout_s * 1000)
        fetcher = PictureFetcher(self.gateway.name, spool, self.downloader, timeout_s, until_ms)
        files = await fetcher.fetch(reply.pictures, reply.layout)
        lost_by_us = files.lost_by_us + (made - reply.units if reply.is_cut_by_us else 0)
        if not files.pictures:
            failure = self._failure(files.kind, Billed.YES, files.detail)
            failure.lost_by_us = lost_by_us
            raise failure
        return Received(files.pictures, reply.usage, made, lost_by_us)

    # --- its failures -------------------------------------------------------------------------

    def _classify(self, response: GatewayResponse) -> ClassifiedError:
        return classify_error(
            response,
            now_ms=self.clock.now(),
            kinds=self.gateway.error_kinds,
            prompts=self.request.prompts,
        )

    def _request_failure(self, response: GatewayResponse) -> GatewayFailure:
        """Return the failure of the POST, with the field that it may be repeated without."""
        failure = self._classified_failure(self._classify(response), response)
        name = unknown_field(response)
        if name and (failure.kind, failure.billed) == (GatewayErrorKind.INVALID_REQUEST, Billed.NO):
            field = removable_field(name, self.request, self.model, self.gateway)
            failure.removable_field = field or ""
        return failure

    def _connection_lost(self, detail: str, headers: Mapping[str, str]) -> GatewayFailure:
        """Return the failure of a connection that broke after the reply began."""
        return self._failure(
            GatewayErrorKind.TIMEOUT_UNKNOWN, Billed.MAYBE, detail, request_id=request_id(headers)
        )

    def _classified_failure(
        self, error: ClassifiedError, response: GatewayResponse | None
    ) -> GatewayFailure:
        if response and (error.kind in _NO_PICTURE_KINDS or not tells_error(response)):
            self._log_reply(response)
        return self._failure(
            error.kind,
            error.billed,
            error.message,
            param=error.param,
            retry_after_s=error.retry_after_s,
            http_status=response.status if response else None,
            request_id=request_id(response.headers, response.body) if response else None,
        )

    def _failure(
        self,
        kind: GatewayErrorKind,
        billed: Billed,
        detail: str,
        *,
        param: str = "",
        retry_after_s: float | None = None,
        http_status: int | None = None,
        request_id: str | None = None,
    ) -> GatewayFailure:
        return GatewayFailure(
            kind=kind,
            gateway=self.gateway.name,
            billed=billed,
            param=param,
            retry_after_s=retry_after_s,
            http_status=http_status,
            request_id=self._redacted(request_id) if request_id else None,
            detail=self._redacted(detail),
        )

    def _log_reply(self, response: GatewayResponse) -> None:
        """Log what came instead of a picture; its words paraphrase the prompt: only at DEBUG."""
        told = log.bind(gateway=self.gateway.name, http_status=response.status)
        outline = self._redacted(reply_outline(response.body, response.text))[:_MAX_EXCERPT]
        told.warning("gateway.no_picture", task=possible_task_id(response.body), reply=outline)
        words = self._redacted(response.text)[:_MAX_EXCERPT]
        told.debug("gateway.no_picture_text", reply=words)

    def _redacted(self, text: str) -> str:
        return redact(text, self.gateway.private_texts, prompts=self.request.prompts)
