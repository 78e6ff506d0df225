"""What the gateways say they offer: compared with what is configured, at the start and daily."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import structlog

from bot.core.clock import Clock
from bot.gateways.catalogue import RETIREMENT_DAYS, Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.probe import ProbeOutcome, ProbeResult, probe_gateways
from bot.gateways.routing.operator_alerts import OperatorAlerts, Retirement

log = structlog.get_logger()

_HARMLESS = (
    ProbeOutcome.LISTED,
    ProbeOutcome.NO_LIST,
    ProbeOutcome.LIST_TOO_LONG,
    ProbeOutcome.BUSY,
)


class OfferedModels:
    """The gateways' own lists. What is configured wins: a list changes nothing, it only warns."""

    def __init__(
        self,
        gateways: Sequence[Gateway],
        catalogue: Catalogue,
        *,
        clock: Clock,
        alerts: OperatorAlerts,
    ) -> None:
        self._gateways = gateways
        self._catalogue = catalogue
        self._clock = clock
        self._alerts = alerts
        self._probes: dict[str, ProbeResult] = {}

    async def refresh(self) -> None:
        """Ask every gateway for its list, and tell what the operator should know."""
        for found in await probe_gateways(self._gateways, self._clock):
            # A gateway that is out of reach today keeps the list of yesterday.
            if found.models is not None or found.gateway not in self._probes:
                self._probes[found.gateway] = found
            self._tell_list(found)
        for retirement in self.retirements:
            self._tell_retirement(retirement)

    def probe(self, gateway: str) -> ProbeResult | None:
        """Return the last list of a gateway, or why there was none yet; None before a refresh."""
        return self._probes.get(gateway)

    @property
    def retirements(self) -> tuple[Retirement, ...]:
        """Return when models go, soonest first: by the tables, else by the gateways' own lists."""
        found = [one for gateway in self._gateways for one in self._retirements(gateway)]
        return tuple(sorted(found, key=lambda one: one.on))

    def _retirements(self, gateway: Gateway) -> Iterator[Retirement]:
        probe = self._probes.get(gateway.name)
        for name in gateway.models:
            on = self._catalogue.ability(gateway.name, name).retires
            if on := on or (probe.shutdowns.get(name) if probe else None):
                yield Retirement(gateway.name, name, on)

    def _tell_list(self, found: ProbeResult) -> None:
        tell = log.info if found.outcome in _HARMLESS else log.warning
        tell(
            "gateway.asked_for_models",
            gateway=found.gateway,
            outcome=found.outcome.value,
            http_status=found.status,
            models=len(found.models or ()),
            detail=found.detail,
        )
        for name in found.missing:
            log.warning(
                "gateway.model_not_listed",
                gateway=found.gateway,
                model=name,
                mend="check the spelling, and what the key may use",
            )

    def _tell_retirement(self, retirement: Retirement) -> None:
        days_left = (retirement.on - self._today()).days
        if days_left > RETIREMENT_DAYS:
            return
        log.warning(
            "model.retires",
            gateway=retirement.gateway,
            model=retirement.model,
            on=retirement.on.isoformat(),
            days_left=days_left,
        )
        self._alerts.retires(retirement, days_left=days_left)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.now() / 1000, UTC).date()
