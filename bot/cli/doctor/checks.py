"""All checks of the doctor, in the order in which an operator sets things up."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from bot import __version__
from bot.cli.doctor import discord_account, discord_checks, file_checks
from bot.cli.doctor.backup_check import check_backups
from bot.cli.doctor.clock import check_clock
from bot.cli.doctor.finding import Finding, Sign, fine, print_line, warning, wrong
from bot.cli.doctor.gateway_findings import Names, describe_probe, describe_text_model
from bot.cli.doctor.picture_check import check_pictures
from bot.cli.doctor.settings_check import Setup, read_setup
from bot.core import logging as bot_logging
from bot.core.clock import Clock
from bot.core.errors.base import StartRefused
from bot.database.postgresql_url import driver_needed
from bot.database.scheduled_copies import free_bytes
from bot.discord_ui.sharded_bot import use_api
from bot.gateways.gateway import Gateway
from bot.gateways.probe import ProbeResult, probe_gateways
from bot.gateways.routing.path_spelling import found_paths, with_found_path
from bot.settings.cluster_settings import api_base, cluster_of
from bot.settings.gateway_settings import (
    check_prices,
    check_text_model,
    check_tracing,
    read_gateways,
)
from bot.settings.settings import Settings

EXIT_FINE = 0
EXIT_WRONG = 1
_MIN_SECRET = 8  # characters; redacting a shorter one would hide ordinary words


def run_doctor(*, as_json: bool) -> int:
    """Check this installation and return the exit code: 1 if something must be fixed."""
    setup = read_setup()
    # What goes wrong is a finding: only unexpected errors are logged.
    bot_logging.configure(level="CRITICAL", style="console", secrets=setup.secrets)
    report = print_json if as_json else print_findings
    return asyncio.run(report(setup, Clock(), print_line))


async def print_findings(setup: Setup, clock: Clock, say: Callable[[str], None]) -> int:
    """Print every finding as it comes and return the exit code."""
    signs = set()
    clean = _redactor(setup).clean
    async for finding in run_checks(setup, clock):
        signs.add(finding.sign)
        for line in finding.lines():
            say(clean(line))
    return EXIT_WRONG if Sign.WRONG in signs else EXIT_FINE


async def print_json(setup: Setup, clock: Clock, say: Callable[[str], None]) -> int:
    """Print one JSON object with all findings, for programs, and return the exit code."""
    clean = _redactor(setup).clean
    found = [finding async for finding in run_checks(setup, clock)]
    signs = {finding.sign for finding in found}
    worst = next(sign for sign in (Sign.WRONG, Sign.WARNING, Sign.FINE) if sign in signs)
    findings = [{key: clean(text) for key, text in finding.as_json().items()} for finding in found]
    report = {"version": __version__, "state": worst.state, "findings": findings}
    say(json.dumps(report, indent=2))  # in ASCII, whatever the terminal's encoding is
    return EXIT_WRONG if worst is Sign.WRONG else EXIT_FINE


def _redactor(setup: Setup) -> bot_logging.Redactor:
    return bot_logging.Redactor(one for one in setup.secrets if len(one) >= _MIN_SECRET)


async def run_checks(
    setup: Setup,
    clock: Clock,
    *,
    free_bytes: Callable[[Path], int] = free_bytes,
    timeout_s: float = discord_account.TIMEOUT_S,
) -> AsyncIterator[Finding]:
    """Yield the findings one by one; no problem prevents the checks after it."""
    for finding in setup.findings:
        yield finding
    settings = setup.settings
    if settings is None:
        yield warning("the rest", "not checked because the settings cannot be read")
        return
    for finding in _clusters(settings):
        yield finding
    use_api(api_base(settings))
    token = settings.discord_token.get_secret_value().strip()
    answers = await discord_account.read_account(
        token,
        clock.now,
        proxies=settings.proxies,
        dev_guild_id=settings.dev_guild_id,
        timeout_s=timeout_s,
    )
    for finding in chain(
        discord_checks.check_application(answers), discord_checks.check_servers(answers, settings)
    ):
        yield finding
    yield discord_checks.check_commands(answers, settings)
    findings, probes = await _gateways(setup, settings, clock)
    for finding in findings:
        yield finding
    async for finding in _stored(setup, settings, clock, free_bytes):
        yield finding
    theirs = {f"the clock of {one.gateway}": one.clock_ahead_ms for one in probes}
    yield check_clock({"Discord's": answers.clock_ahead_ms, **theirs})
    yield discord_checks.check_invitation(answers)
    for finding in chain(
        discord_checks.check_strangers(answers, settings),
        discord_checks.check_user_install(answers, settings),
    ):
        yield finding


async def _stored(
    setup: Setup, settings: Settings, clock: Clock, free_bytes: Callable[[Path], int]
) -> AsyncIterator[Finding]:
    """Check where data, pictures, rules and traces are."""
    yield await asyncio.to_thread(file_checks.check_folder, settings, free_bytes)
    for finding in await asyncio.to_thread(list, _database(setup, settings, clock)):
        yield finding
    if "content_store_url" not in setup.unreadable:
        async for finding in check_pictures(settings):
            yield finding
    for finding in await asyncio.to_thread(list, file_checks.check_moderation(settings)):
        yield finding
    for finding in _tracing(settings):
        yield finding


async def _gateways(
    setup: Setup, settings: Settings, clock: Clock
) -> tuple[Sequence[Finding], Sequence[ProbeResult]]:
    if "gateways" in setup.unreadable:
        return (warning("gateway", "not checked because its key cannot be read"),), ()
    try:
        gateways = read_gateways(settings)
    except StartRefused as refused:
        return [wrong("gateway", "cannot be used", one) for one in refused.problems], ()
    probes = await probe_gateways(gateways, clock, proxies=settings.proxies)
    in_file = settings.gateways_file is not None
    named = (Names.of(gateway, in_file=in_file) for gateway in gateways)
    findings = [describe_probe(one, names) for one, names in zip(probes, named, strict=True)]
    findings += _text_model(settings, gateways, probes)
    return [*findings, *_found_paths(gateways, settings), *_budget(settings, gateways)], probes


def _database(setup: Setup, settings: Settings, clock: Clock) -> Iterator[Finding]:
    if not settings.has_server:
        yield file_checks.check_database(settings)
        if "backup_every" not in setup.unreadable:
            yield check_backups(settings, clock.now())
        return
    try:
        with driver_needed():
            from bot.cli.doctor.server_checks import examine_server  # noqa: PLC0415 - an extra
    except StartRefused as refused:
        yield wrong("database", "cannot be used", str(refused))
        return
    yield from examine_server(settings, clock.now)


def _found_paths(gateways: Sequence[Gateway], settings: Settings) -> Iterator[Finding]:
    """Tell the paths that a request found by trying; the settings need not say them."""
    found = found_paths(settings.data_dir)
    for gateway in gateways:
        used = with_found_path(gateway, found)
        if used.paths != gateway.paths:
            yield fine(
                f"gateway {gateway.name}",
                f"has its path at {used.url.path}, as a request found; "
                "you may write it at the end of IMAGE_API_URL",
            )


def _budget(settings: Settings, gateways: Sequence[Gateway]) -> Iterator[Finding]:
    try:
        check_prices(settings, gateways)
    except StartRefused as refused:
        for problem in refused.problems:
            yield wrong("budget", "cannot be enforced", problem)


def _text_model(
    settings: Settings, gateways: Sequence[Gateway], probes: Sequence[ProbeResult]
) -> Iterator[Finding]:
    try:
        check_text_model(settings, gateways)
    except StartRefused as refused:
        for problem in refused.problems:
            yield wrong("chat model", "cannot be used", problem)
    else:
        yield from describe_text_model(settings.text_model, settings.text_gateway, probes)


def _clusters(settings: Settings) -> Iterator[Finding]:
    try:
        cluster_of(settings)
    except StartRefused as refused:
        for problem in refused.problems:
            yield wrong("clusters", "cannot be started", problem)


def _tracing(settings: Settings) -> Iterator[Finding]:
    try:
        check_tracing(settings)
    except StartRefused as refused:
        yield wrong("traces", "cannot be sent", str(refused))
