"""Messages that notify somebody: the requester of a job, or the owner of the application.

An edit of a message notifies nobody; a reply that mentions the requester does.
"""

from collections.abc import Callable

import discord
import structlog
from discord.ui import View
from discord.utils import MISSING

from bot.core.errors.gateway import GatewayFailure
from bot.core.i18n.escaping import cut
from bot.core.i18n.texts import FALLBACK, Texts
from bot.core.models import CardAddress, Job, money_to_text
from bot.discord_ui.client import Client
from bot.discord_ui.discord_errors import DISCORD_ERRORS
from bot.discord_ui.job_embeds import LONGEST_SENTENCE
from bot.discord_ui.job_message import JobMessage
from bot.discord_ui.message_outbox import NOTICE, MessageOutbox, OutgoingMessage
from bot.gateways.routing.operator_alerts import BackupFailed, BudgetReached, OperatorAlert
from bot.jobs.courier import JobFailure

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Nobody watches a job's message for longer.
LONG_WAIT_MS = 60 * 1000


class NoticeTexts:
    """The sentences that mention a job's requester, in the job's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def ready(self, job: Job) -> str:
        """Say that the pictures are there."""
        return self._mentioning("notice-ready", job)

    def ended(self, job: Job) -> str:
        """Say that the job's message tells why there are no pictures."""
        return self._mentioning("notice-ended", job)

    def message_gone(self, job: Job) -> str:
        """Say why the pictures come in a new message."""
        return self._mentioning("notice-card-gone", job)

    def token_expired(self, job: Job) -> str:
        """Say why the pictures come apart from what they answer."""
        return self._mentioning("notice-answer-closed", job)

    def no_pictures(self, job: Job, failure: JobFailure) -> str:
        """Say why there are no pictures, where the job's message cannot be edited."""
        sentence = self._texts.sentence(failure.error, job.locale)
        return f"{_mention(job)} {cut(sentence, LONGEST_SENTENCE)}"

    def _mentioning(self, message_id: str, job: Job) -> str:
        mention, count = _mention(job), job.request.n
        return self._texts.say(message_id, job.locale, mention=mention, count=count)


class RequesterNotifier:
    """Notifies requesters who waited long, once for a job.

    ``may_mention`` tells whether a person wants that.
    """

    def __init__(
        self, outbox: MessageOutbox, *, now: Callable[[], int], may_mention: Callable[[int], bool]
    ) -> None:
        self._outbox = outbox
        self._now = now
        self._may_mention = may_mention

    def mentioned(self, job: Job) -> int | None:
        """Return whom a new message may notify now; None where nobody waited long for it.

        What counts is the time since the command, so that it survives a restart.
        """
        waited_ms, user_id = self._now() - job.created_at, job.requester.user_id
        return user_id if waited_ms > LONG_WAIT_MS and self._may_mention(user_id) else None

    async def reply(self, job: Job, message: JobMessage, text_of: Callable[[Job], str]) -> None:
        """Reply to the message of a job that took long, if its requester wants that."""
        if (user_id := self.mentioned(job)) is None:
            return
        notice = OutgoingMessage(text_of(job), reply_to=message.reference, mentions=user_id)
        try:
            await self._outbox.post(job, NOTICE, message.channel_beside(job), notice)
        except DISCORD_ERRORS as error:
            log.info("requester.not_notified", job=job.id, error=repr(error))


class OwnerNotifier:
    """Sends alerts to the owner of the application, or of its team, as direct messages."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._texts = client.texts
        self._languages = client.languages

    async def notify(self, alert: OperatorAlert) -> None:
        """Send one alert; if the owner takes no direct messages it is in the log."""
        try:
            owner = await self._owner()
            await owner.send(self._sentence(alert, self._languages.of_user(owner)))
        except discord.DiscordException as error:
            log.warning("owner.not_notified", error=repr(error))

    async def send(
        self, make_embed: Callable[[str], discord.Embed], view_of: Callable[[str], View | None]
    ) -> CardAddress | None:
        """Send an embed with buttons in the owner's language; return where it is, if anywhere."""
        try:
            owner = await self._owner()
            locale = self._languages.of_user(owner)
            view = view_of(locale) or MISSING
            sent = await owner.send(embed=make_embed(locale), view=view)
        except DISCORD_ERRORS as error:
            log.warning("owner.not_notified", error=repr(error))
            return None
        return CardAddress(sent.channel.id, sent.id, application_id=0)

    async def locale(self) -> str:
        """Return the owner's language, or English where Discord does not say who that is."""
        try:
            return self._languages.of_user(await self._owner())
        except DISCORD_ERRORS as error:
            log.info("owner.unknown", error=repr(error))
            return FALLBACK

    async def _owner(self) -> discord.User:
        if self._client.owner_id:
            return await self._client.fetch_user(self._client.owner_id)
        application = await self._client.application_info()
        team = application.team
        owner_id = team.owner_id if team and team.owner_id else application.owner.id
        return await self._client.fetch_user(owner_id)

    def _sentence(self, alert: OperatorAlert, locale: str) -> str:
        if isinstance(alert, GatewayFailure):
            return self._texts.say(
                "owner-gateway-down", locale, kind=alert.kind, gateway=alert.gateway
            )
        if isinstance(alert, BudgetReached):
            return self._texts.say(
                "owner-budget-reached",
                locale,
                percent=alert.percent,
                limit=money_to_text(alert.limit),
                period=alert.period,
            )
        if isinstance(alert, BackupFailed):
            return self._texts.say("owner-backup-failed", locale, fault=alert.fault)
        return self._texts.say(
            "owner-model-retires",
            locale,
            model=alert.model,
            gateway=alert.gateway,
            day=alert.on.isoformat(),
        )


def _mention(job: Job) -> str:
    return f"<@{job.requester.user_id}>"
