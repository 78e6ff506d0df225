"""Tell the operator of gateways that send more pictures than were asked for."""

import structlog

from bot.gateways.reply.reader import ParsedReply

log = structlog.get_logger()


class SurplusLog:
    """Logs once for each gateway and model that pictures were left out."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def note(self, came: ParsedReply, kept: ParsedReply, *, gateway: str, model: str) -> None:
        """Log what a reply brought, if less of it is kept."""
        left_out = len(came.pictures) - len(kept.pictures)
        if left_out <= 0 or (gateway, model) in self._told:
            return
        self._told.add((gateway, model))
        log.warning(
            "gateway.more_pictures",
            gateway=gateway,
            model=model,
            came=len(came.pictures),
            left_out=left_out,
            mend="people get and pay what they asked for; if the gateway bills the rest, its table "
            "must ask for fewer pictures, or this model's price must be that of all of them",
        )
