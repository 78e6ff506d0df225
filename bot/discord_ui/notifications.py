"""What the operator hears at once: a direct message to the application's owner."""

from collections.abc import Callable

import discord
import structlog

from bot.core.errors.gateway import GatewayFailure
from bot.core.i18n.escaping import cut
from bot.core.i18n.texts import Money, Texts
from bot.core.models import Job, money_to_text
from bot.discord_ui.caller import Languages
from bot.discord_ui.job_embeds import LONGEST_SENTENCE
from bot.discord_ui.job_message import JobMessage
from bot.discord_ui.message_outbox import DISCORD_ERRORS, NOTICE, MessageOutbox, OutgoingMessage
from bot.gateways.routing.operator_alerts import BudgetReached, OperatorAlert
from bot.jobs.courier import JobFailure

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class NoticeTexts:
    """Says it in the reader's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def ready(self, job: Job) -> str:
        """Call the requester to the pictures on a card, for an edit notifies nobody."""
        return self._call("notice-ready", job)

    def ended(self, job: Job) -> str:
        """Call the requester to a card that says why there are no pictures."""
        return self._call("notice-ended", job)

    def card_gone(self, job: Job) -> str:
        """Say to the requester why the pictures come in a new message."""
        return self._call("notice-card-gone", job)

    def answer_closed(self, job: Job) -> str:
        """Say to the requester why the pictures come apart from what they answer."""
        return self._call("notice-answer-closed", job)

    def without_card(self, job: Job, ending: JobFailure) -> str:
        """Say to the requester why there are no pictures, where no card can say so."""
        money: Money = "charged" if ending.doubt_charged else "back"
        sentence = self._texts.sentence(ending.error, job.locale, money=money)
        return f"{_mention(job)} {cut(sentence, LONGEST_SENTENCE)}"

    def _call(self, message_id: str, job: Job) -> str:
        mention, count = _mention(job), job.request.n
        return self._texts.say(message_id, job.locale, mention=mention, count=count)


def _mention(job: Job) -> str:
    return f"<@{job.requester.user_id}>"


# So long somebody watches a card.
LONG_WAIT_MS = 60 * 1000


class LateReplies:
    """Calls whoever waited long, once for a job; ``may_call`` tells who wants to be called."""

    def __init__(
        self, outbox: MessageOutbox, *, now: Callable[[], int], may_call: Callable[[int], bool]
    ) -> None:
        self._outbox = outbox
        self._now = now
        self._may_call = may_call

    def whom(self, job: Job) -> int | None:
        """Return whom a new message may notify now; None where nobody waited long for it.

        What counts is the time since the command, so that a restart forgets nothing.
        """
        waited_ms, user_id = self._now() - job.created_at, job.requester.user_id
        return user_id if waited_ms > LONG_WAIT_MS and self._may_call(user_id) else None

    async def call(self, job: Job, card: JobMessage, words: str) -> None:
        """Reply to a card that took long, if its requester wants that."""
        if (called := self.whom(job)) is None:
            return
        letter = OutgoingMessage(words, answers=card.reference, mentions=called)
        try:
            await self._outbox.post(job, NOTICE, card.beside(job), letter)
        except DISCORD_ERRORS as lost:
            log.info("card.not_notified", job=job.id, error=repr(lost))


class OwnerNotifier:
    """Tells the owner of the application, or its team's, what only they can mend."""

    def __init__(self, client: discord.Client, texts: Texts, languages: Languages) -> None:
        self._client = client
        self._texts = texts
        self._languages = languages

    async def tell(self, alarm: OperatorAlert) -> None:
        """Send one direct message; an owner who takes none finds it in the log."""
        try:
            owner = await self._owner()
            await owner.send(self._sentence(alarm, self._languages.of_user(owner)))
        except discord.DiscordException as lost:
            log.warning("owner.not_told", error=repr(lost))

    async def _owner(self) -> discord.User:
        application = await self._client.application_info()
        team = application.team
        owner_id = team.owner_id if team and team.owner_id else application.owner.id
        return await self._client.fetch_user(owner_id)

    def _sentence(self, alarm: OperatorAlert, locale: str) -> str:
        if isinstance(alarm, GatewayFailure):
            return self._texts.say(
                "owner-gateway-down", locale, kind=alarm.kind, gateway=alarm.gateway
            )
        if isinstance(alarm, BudgetReached):
            return self._texts.say(
                "owner-budget-reached",
                locale,
                percent=alarm.percent,
                limit=money_to_text(alarm.limit),
                period=alarm.period,
            )
        return self._texts.say(
            "owner-model-retires",
            locale,
            model=alarm.model,
            gateway=alarm.gateway,
            day=alarm.on.isoformat(),
        )
