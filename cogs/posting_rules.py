"""Who may let the bot post earlier pictures in a channel."""

from bot.discord_ui.caller import CallerContext
from bot.preferences.access_rules import check_access
from cogs.dependencies import Dependencies


async def check_may_post(deps: Dependencies, caller: CallerContext) -> None:
    """Refuse to post pictures where this person may not paint.

    Raises:
        ChannelNotAllowed, RoleNotAllowed, Blocked, BlockedEverywhere
    """
    requester = caller.requester
    check_access(deps.preference_store.server(requester.server_id), requester)
    await deps.services.database.read(
        deps.services.ledger.check_blocked, requester.server_id, requester.user_id
    )
