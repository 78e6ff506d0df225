"""Fields that gateways did not know: left out from then on, while the process lives."""

from collections import defaultdict
from dataclasses import replace
from typing import cast

import msgspec
import structlog

from bot.core.errors.gateway import GatewayFailure
from bot.gateways.catalogue import GatewayModel
from bot.gateways.gateway import Gateway, RequestField

log = structlog.get_logger()


class UnsupportedFields:
    """What is left out of requests, by gateway and model; an operator is told of each once."""

    def __init__(self) -> None:
        self._fields: defaultdict[GatewayModel, set[RequestField]] = defaultdict(set)

    def of(self, gateway: Gateway, model: str) -> Gateway:
        """Return the gateway as it is for this model: without the fields that it refused."""
        known = self._fields.get((gateway.name, model))
        return replace(gateway, drop=(*gateway.drop, *sorted(known))) if known else gateway

    def note(self, refusal: GatewayFailure, gateway: Gateway, model: str) -> None:
        """Remember the needless field of a refusal, if it has one."""
        field = cast("RequestField", refusal.removable_field)  # one of the fields that were sent
        known = self._fields[gateway.name, model]
        if not field or field in known:
            return
        known.add(field)
        drop = msgspec.json.encode(sorted({*gateway.drop, *known})).decode()
        log.warning(
            "gateway.field_unknown",
            gateway=gateway.name,
            model=model,
            field=field,
            mend=f"write drop = {drop} into [gateways.{gateway.name}] of your gateways.toml; "
            "until the next start it is left out for this model",
        )
