"""Who may let the bot post earlier pictures in a channel."""

from bot.discord_ui.caller import CallerContext
from bot.preferences.access_rules import check_access
from cogs.dependencies import Dependencies


async def check_may_post(deps: Dependencies, caller: CallerContext, model: str) -> None:
    """Refuse to post a model's pictures where this person may not paint, or not with it.

    Raises:
        ChannelNotAllowed, RoleNotAllowed, ModelAgeRestricted, Blocked, BlockedEverywhere
    """
    requester = caller.requester
    deps.services.age_restriction.check(model, requester)
    check_access(deps.preference_store.server(requester.server_id), requester)
    await deps.services.database.read(
        deps.services.ledger.check_blocked, requester.server_id, requester.user_id
    )
