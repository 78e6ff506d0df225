"""Compare the gateways' lists of models with the configuration, at the start and daily."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import structlog

from bot.core.clock import Clock
from bot.core.proxies import NO_PROXIES, Proxies
from bot.gateways.catalogue import RETIREMENT_DAYS, Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.probe import ProbeOutcome, ProbeResult, probe_gateways
from bot.gateways.routing.operator_alerts import OperatorAlerts, Retirement

log = structlog.get_logger()

_EXPECTED_OUTCOMES = (
    ProbeOutcome.LISTED,
    ProbeOutcome.NO_LIST,
    ProbeOutcome.NONE_EXPECTED,
    ProbeOutcome.LIST_TOO_LONG,
    ProbeOutcome.BUSY,
)


class OfferedModels:
    """The gateways' lists of models. They only cause warnings: the configuration decides."""

    def __init__(
        self,
        gateways: Sequence[Gateway],
        catalogue: Catalogue,
        *,
        clock: Clock,
        alerts: OperatorAlerts,
        proxies: Proxies = NO_PROXIES,
    ) -> None:
        self._gateways = gateways
        self._catalogue = catalogue
        self._clock = clock
        self._alerts = alerts
        self._proxies = proxies
        self._probes: dict[str, ProbeResult] = {}

    def replace(self, gateways: Sequence[Gateway]) -> None:
        """Ask these gateways from now on."""
        self._gateways = gateways

    async def refresh(self) -> None:
        """Request the list of every gateway; log and alert what the operator should know."""
        for result in await probe_gateways(self._gateways, self._clock, proxies=self._proxies):
            # A gateway that is unreachable today keeps yesterday's list.
            if result.models is not None or result.gateway not in self._probes:
                self._probes[result.gateway] = result
            self._report(result)
        for retirement in self.retirements:
            self._report_retirement(retirement)

    def probe(self, gateway: str) -> ProbeResult | None:
        """Return the last list of a gateway, or why it has none; None before the first refresh."""
        return self._probes.get(gateway)

    @property
    def retirements(self) -> tuple[Retirement, ...]:
        """Return when models retire, soonest first: by the configuration, else by the lists."""
        found = [one for gateway in self._gateways for one in self._retirements(gateway)]
        return tuple(sorted(found, key=lambda one: one.on))

    def _retirements(self, gateway: Gateway) -> Iterator[Retirement]:
        probe = self._probes.get(gateway.name)
        for name in gateway.models:
            on = self._catalogue.ability(gateway.name, name).retires
            if on := on or (probe.shutdowns.get(name) if probe else None):
                yield Retirement(gateway.name, name, on)

    def _report(self, result: ProbeResult) -> None:
        write = log.info if result.outcome in _EXPECTED_OUTCOMES else log.warning
        write(
            "gateway.probed",
            gateway=result.gateway,
            outcome=result.outcome.value,
            http_status=result.status,
            models=len(result.models or ()),
            detail=result.detail,
        )
        for name in result.missing:
            log.warning(
                "gateway.model_not_listed",
                gateway=result.gateway,
                model=name,
                mend="check the spelling, and what the key may use",
            )

    def _report_retirement(self, retirement: Retirement) -> None:
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
