"""Run an action: press a button of a finished task, and answer where the gateway asks back."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, replace

from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.events import GatewayEvent, GatewayRequest, ModalSending
from bot.gateways.exchange import Exchange
from bot.gateways.polling import TaskAsksBack
from bot.gateways.reply.download_spool import DownloadSpool
from bot.gateways.reply.error_classifier import GatewayResponse
from bot.gateways.reply.reader import ParsedReply
from bot.gateways.reply.task_status import SubmittedTask
from bot.gateways.request.builder import open_request
from bot.gateways.request.masks import with_prepared_mask


@dataclass(frozen=True)
class ActionExchange(Exchange):
    """An exchange whose task may ask back: the prompt is sent then, once at most.

    ``ModalSending`` comes before that. When its reply is lost, only polling tells what became of
    it: another one could be paid twice.
    """

    async def _finish(
        self, reply: ParsedReply | SubmittedTask, spool: DownloadSpool
    ) -> AsyncGenerator[GatewayEvent, None]:
        if isinstance(reply, SubmittedTask) and reply.asks_back and not self.request.modal_sent:
            async for event in self._finish_answered(reply, spool):
                yield event
            return
        try:
            async with aclosing(super()._finish(reply, spool)) as rest:
                async for event in rest:
                    yield event
        except TaskAsksBack as asked:
            assert isinstance(reply, SubmittedTask)  # noqa: S101 - nothing else is polled
            waiting = replace(reply, prompt=asked.prompt)
        else:
            return
        async for event in self._finish_answered(waiting, spool):
            yield event

    async def _finish_answered(
        self, task: SubmittedTask, spool: DownloadSpool
    ) -> AsyncGenerator[GatewayEvent, None]:
        """Send the prompt, then poll the task, which has the same id."""
        answering = replace(self, request=await self._modal_request(task))
        yield ModalSending()
        await answering._answer(spool)
        polling = replace(answering.request, waiting_task="", modal_sent=True)
        answered = replace(answering, request=polling)
        async with aclosing(Exchange._finish(answered, task, spool)) as rest:
            async for event in rest:
                yield event

    async def _modal_request(self, task: SubmittedTask) -> GatewayRequest:
        """Return the request for the prompt, and for the mask that the person gave.

        Whoever was asked for the prompt has typed it. Else the task's proposal is better than the
        prompt of the picture, which may lack what the gateway has added to it.
        """
        image = self.request.image_request
        kind = self.gateway.actions.kind_of(image.action.custom_id) if image.action else None
        asks = kind.asks if kind else ""
        if self.request.mask is None and (asks == "mask" or image.mask):
            kept = (GatewayErrorKind.REFERENCE_LOST, Billed.NO, "the mask of this action is gone")
            raise self._failure(*kept, param="mask")
        proposal = "" if asks else task.prompt
        waiting_task = self._task_id(task)
        request = replace(self.request, waiting_task=waiting_task, proposal=proposal)
        return await with_prepared_mask(request, self.model, self.gateway)

    async def _answer(self, spool: DownloadSpool) -> None:
        with ExitStack() as connection:
            opened = open_request(self.request, self.model, self.gateway, now_ms=self.clock.now())
            http_request = connection.enter_context(opened)
            try:
                await self.clock.wait(self._post(http_request, spool, connection), "gateway")
            except GatewayFailure as failure:
                if failure.billed is Billed.NO:
                    raise

    def _request_failure(self, response: GatewayResponse) -> GatewayFailure:
        failure = super()._request_failure(response)
        if failure.billed is Billed.NO and self._is_expired(response):
            failure.kind = GatewayErrorKind.ACTION_EXPIRED
        return failure

    def _is_expired(self, response: GatewayResponse) -> bool:
        body = response.body if isinstance(response.body, dict) else {}
        code, words = str(body.get("code")), str(body.get("description") or body.get("message"))
        expired = self.gateway.actions.expired
        return any(one == code if one.isdecimal() else one in words for one in expired)
