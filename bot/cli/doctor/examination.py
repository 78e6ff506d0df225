"""The whole examination, in the order in which an operator sets things up."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from bot.cli.doctor import account, discord_side, files
from bot.cli.doctor.clock import check_clock
from bot.cli.doctor.finding import Finding, Sign, say, warning, wrong
from bot.cli.doctor.gateways import Names, describe
from bot.cli.doctor.setup import Setup, read_setup
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.gateways.catalogue import Catalogue
from bot.gateways.probe import ProbeResult, probe_gateways
from bot.services import check_prices, read_gateways
from bot.settings import Settings

EXIT_FINE = 0
EXIT_WRONG = 1
_MIN_SECRET = 8  # a shorter one is no secret, and would blank out ordinary words


def run() -> int:
    """Examine this installation and return the exit code: 1 if something must be mended."""
    setup = read_setup()
    # Whatever goes wrong is a finding: only what nobody expected is worth a record.
    bot_logging.configure(level="CRITICAL", style="console", secrets=setup.secrets)
    return asyncio.run(report(setup, Clock(), say))


async def report(setup: Setup, clock: Clock, say: Callable[[str], None]) -> int:
    """Say every finding as it comes and return the exit code."""
    signs = set()
    clean = bot_logging.Redactor(one for one in setup.secrets if len(one) >= _MIN_SECRET).clean
    async for finding in examine(setup, clock):
        signs.add(finding.sign)
        for line in finding.lines():
            say(clean(line))
    return EXIT_WRONG if Sign.WRONG in signs else EXIT_FINE


async def examine(
    setup: Setup,
    clock: Clock,
    *,
    free_bytes: Callable[[Path], int] = files.free_bytes,
    timeout_s: float = account.TIMEOUT_S,
) -> AsyncIterator[Finding]:
    """Yield one finding after another; nothing that is wrong hides what comes after it."""
    for finding in setup.findings:
        yield finding
    settings = setup.settings
    if settings is None:
        yield warning("the rest", "not checked because the settings cannot be read")
        return
    token = settings.discord_token.get_secret_value().strip()
    visit = await account.visit(token, clock.now, timeout_s=timeout_s)
    for finding in discord_side.check_application(visit):
        yield finding
    for finding in discord_side.check_servers(visit, settings):
        yield finding
    findings, probes = await _gateways(setup, settings, clock)
    for finding in findings:
        yield finding
    yield await asyncio.to_thread(files.check_folder, settings.data_dir, free_bytes)
    yield await asyncio.to_thread(files.check_database, settings.database_url)
    theirs = {f"the clock of {one.gateway}": one.clock_ahead_ms for one in probes}
    yield check_clock({"Discord's": visit.clock_ahead_ms, **theirs})
    yield discord_side.check_invitation(visit)
    for finding in discord_side.check_user_install(visit, settings):
        yield finding


async def _gateways(
    setup: Setup, settings: Settings, clock: Clock
) -> tuple[Sequence[Finding], Sequence[ProbeResult]]:
    if "gateways" in setup.unread:
        return (warning("gateway", "not checked because its key cannot be read"),), ()
    try:
        gateways = read_gateways(settings)
        catalogue = Catalogue.of(gateways)
    except StartRefused as refused:
        return (wrong("gateway", "cannot be used", str(refused)),), ()
    probes = await probe_gateways(gateways, clock)
    in_file = settings.gateways_file is not None
    named = (Names.of(gateway, in_file=in_file) for gateway in gateways)
    findings = [describe(one, names) for one, names in zip(probes, named, strict=True)]
    return [*findings, *_budget(settings, catalogue)], probes


def _budget(settings: Settings, catalogue: Catalogue) -> Iterator[Finding]:
    try:
        check_prices(settings, catalogue)
    except StartRefused as refused:
        yield wrong("budget", "cannot be enforced", str(refused))
