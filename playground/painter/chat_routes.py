"""POST /v1/chat/completions: answered in words, or with a picture by the model that paints."""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress

from aiohttp import web

from playground.painter import chat_replies
from playground.painter.chat import WordsQuestion, read_completion
from playground.painter.paint_request import PaintRequest
from playground.painter.worker import CHAT_TIME_FACTOR, PaintWorker

EVENTS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
_PERCENTS = (25, 50, 75)  # that a stream says, spread over the time that painting takes


class ChatRoutes:
    """The handler of chat completions; ``now`` is the time in seconds."""

    def __init__(self, worker: PaintWorker, *, latency_s: float, now: Callable[[], float]) -> None:
        self._worker, self._latency_s, self._now = worker, latency_s, now

    async def completions(self, request: web.Request) -> web.StreamResponse:
        """Answer a chat completion."""
        asked = await self._worker.run(read_completion, await request.read())
        if isinstance(asked, WordsQuestion):
            return await self._answer(asked)
        if asked.request is None:
            return await self._decline(request, streams=asked.streams)
        if asked.streams:
            return await self._stream(request, asked.request)
        (picture,) = await self._worker.paint(asked.request, after_s=self._latency_s)
        reply = chat_replies.picture_reply(asked.request, picture, created=self._created)
        return web.json_response(text=await self._worker.run(json.dumps, reply))

    @property
    def _created(self) -> int:
        return int(self._now())

    async def _answer(self, question: WordsQuestion) -> web.Response:
        await self._worker.pause(after_s=self._latency_s * CHAT_TIME_FACTOR)
        created = self._created
        answer = await self._worker.run(chat_replies.words_reply, question, created=created)
        return web.json_response(answer)

    async def _decline(self, request: web.Request, *, streams: bool) -> web.StreamResponse:
        await self._worker.pause(after_s=self._latency_s * CHAT_TIME_FACTOR)
        if not streams:
            return web.json_response(chat_replies.refusal_reply(created=self._created))
        response = web.StreamResponse(headers=EVENTS)
        with suppress(ConnectionError):  # the client hung up
            await response.prepare(request)
            await _write(response, chat_replies.refusal_pieces(created=self._created))
        return response

    async def _stream(self, request: web.Request, wanted: PaintRequest) -> web.StreamResponse:
        """Paint first, so that a failure is no stream; then spread the pieces over the time."""
        share_s = self._latency_s / (len(_PERCENTS) + 1)
        (picture,) = await self._worker.paint(wanted, after_s=share_s)
        response = web.StreamResponse(headers=EVENTS)
        with suppress(ConnectionError):  # the client hung up
            await response.prepare(request)
            for percent in _PERCENTS:
                await response.write(chat_replies.progress_piece(percent, created=self._created))
                await asyncio.sleep(share_s)
            pieces = chat_replies.picture_pieces(wanted, picture, created=self._created)
            await _write(response, await self._worker.run(list, pieces))
        return response


async def _write(response: web.StreamResponse, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        await response.write(piece)
