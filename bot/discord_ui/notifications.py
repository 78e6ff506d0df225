"""What the operator hears at once: a direct message to the application's owner."""

import discord
import structlog

from bot.core.errors.gateway import GatewayFailure
from bot.core.i18n.texts import Texts
from bot.core.models import money_to_text
from bot.discord_ui.caller import Languages
from bot.gateways.routing.operator_alerts import BudgetReached, OperatorAlert

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class OwnerNotices:
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
