"""Remember the request fields that gateways do not support, until the process ends."""

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
    """The fields that are left out, by gateway and model; each is logged once."""

    def __init__(self) -> None:
        self._fields: defaultdict[GatewayModel, set[RequestField]] = defaultdict(set)

    def apply(self, gateway: Gateway, model: str) -> Gateway:
        """Return the gateway without the fields that it does not support for this model."""
        known = self._fields.get((gateway.name, model))
        return replace(gateway, drop=(*gateway.drop, *sorted(known))) if known else gateway

    def record(self, failure: GatewayFailure, gateway: Gateway, model: str) -> None:
        """Remember the removable field of a failure, if it has one."""
        field = cast("RequestField", failure.removable_field)  # one of the fields that were sent
        known = self._fields[gateway.name, model]
        if not field or field in known:
            return
        known.add(field)
        drop = msgspec.json.encode(sorted({*gateway.drop, *known})).decode()
        log.warning(
            "gateway.field_unsupported",
            gateway=gateway.name,
            model=model,
            field=field,
            mend=f"write drop = {drop} into [gateways.{gateway.name}] of your gateways.toml; "
            "until the next start it is left out for this model",
        )
