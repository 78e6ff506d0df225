"""``python -m bot gateways``: a table of gateways, their models, and whether they answer.

It costs nothing and changes nothing: every gateway is asked for its list of models.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import date

from bot.cli.doctor.finding import Sign, print_line
from bot.cli.doctor.gateway_findings import Names, describe_probe
from bot.cli.table import Row, format_table
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.i18n.texts import Texts
from bot.core.models import money_to_text
from bot.gateways.catalogue import Catalogue
from bot.gateways.gateway import Gateway
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.probe import ProbeResult, probe_gateways
from bot.settings.gateway_settings import read_gateways
from bot.settings.settings import Settings

EXIT_FINE = 0
EXIT_UNUSABLE = 1
_MIN_SECRET = 8  # characters; redacting a shorter one would hide ordinary words
_HEAD: Row = (
    *("GATEWAY", "KEY", "ANSWERS", "MODEL", "LISTED"),
    *("N", "REFERENCES", "STREAMS", "RETIRES", "PRICE", "SIZES"),
)


def run_gateways(settings: Settings) -> int:
    """Print the table and return the exit code: 1 if a gateway cannot be used.

    Raises:
        StartRefused: the gateways are described wrongly.
    """
    # The table shows what a gateway answers: only unexpected errors are logged.
    bot_logging.configure(level="CRITICAL", style=settings.log_format, secrets=settings.secrets)
    return asyncio.run(print_gateways(settings, Clock(), print_line))


async def print_gateways(settings: Settings, clock: Clock, say: Callable[[str], None]) -> int:
    """Ask every gateway, print the table, and below it what must be fixed.

    Raises:
        StartRefused: the gateways are described wrongly.
    """
    gateways = read_gateways(settings)
    catalogue = Catalogue.of(gateways)
    probes = await probe_gateways(gateways, clock, proxies=settings.proxies)
    clean = bot_logging.Redactor(one for one in settings.secrets if len(one) >= _MIN_SECRET).clean
    for line in format_table(_rows(gateways, catalogue, probes)):
        say(clean(line))
    in_file = settings.gateways_file is not None
    names = [Names.of(gateway, in_file=in_file) for gateway in gateways]
    findings = [describe_probe(found, named) for found, named in zip(probes, names, strict=True)]
    for finding in findings:
        for line in finding.lines() if finding.sign is not Sign.FINE else ():
            say(clean(line))
    is_unusable = any(finding.sign is Sign.WRONG for finding in findings)
    return EXIT_UNUSABLE if is_unusable else EXIT_FINE


def _rows(
    gateways: Sequence[Gateway], catalogue: Catalogue, probes: Sequence[ProbeResult]
) -> Sequence[Row]:
    """Return the head, and one row for each model of each gateway."""
    rows, texts = [_HEAD], Texts()
    for gateway, found in zip(gateways, probes, strict=True):
        first: Row = (gateway.name, "set" if gateway.key else "not set", _answer(found))
        for name in gateway.models:
            ability = catalogue.ability(gateway.name, name)
            rows.append(
                (*first, name, _listed(name, found), *_abilities(ability, gateway, found, texts))
            )
            first = ("", "", "")
    return rows


def _answer(found: ProbeResult) -> str:
    status = f" (HTTP {found.status})" if found.status else ""
    return f"{found.outcome}{status}"


def _listed(model: str, found: ProbeResult) -> str:
    if found.models is None:
        return "?"
    return "no" if model in found.missing else "yes"


def _abilities(ability: ModelAbilities, gateway: Gateway, found: ProbeResult, texts: Texts) -> Row:
    streams = gateway.streaming == "sse" and ability.partial_images is not None
    retires = ability.retires or found.shutdowns.get(ability.name)
    return (
        str(ability.max_n),
        _references(ability),
        "yes" if streams else "no",
        _day(retires),
        _price(ability),
        texts.say("sizes-taken", **ability.allowed_sizes),
    )


def _references(ability: ModelAbilities) -> str:
    limits = ability.references
    if limits is None:
        return "no"
    mask = ", mask" if limits.mask_max_bytes else ""
    return f"{limits.max_count} of {limits.max_bytes / 1e6:g} MB{mask}"


def _price(ability: ModelAbilities) -> str:
    """Return the price of one picture, from the cheapest quality to the most expensive."""
    each = map(ability.price_each, (None, *(ability.qualities or ())))
    prices = sorted(price for price in each if price is not None)
    if not prices:
        return "-"
    lowest, highest = money_to_text(prices[0]), money_to_text(prices[-1])
    return lowest if lowest == highest else f"{lowest} to {highest}"


def _day(day: date | None) -> str:
    return day.isoformat() if day else "-"
