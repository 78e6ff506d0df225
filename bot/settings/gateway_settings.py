"""The gateways that the settings describe, and whatever else about the settings stops a start."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from bot.core.errors.base import StartRefused, collect_problems
from bot.database.postgresql_url import driver_needed
from bot.gateways.catalogue import unpriced_models
from bot.gateways.gateway import Gateway
from bot.gateways.gateway_config import parse_gateways, single_gateway
from bot.moderation.rules import read_rules
from bot.settings.cluster_settings import cluster_of
from bot.settings.fixes import FIXES
from bot.settings.settings import Settings, lock_folders

_OF_GATEWAYS = frozenset({"gateways", "gateways_file", "image_api_url", "image_models"})


def setup_problems(settings: Settings, unreadable: Collection[str] = ()) -> list[str]:
    """Return one sentence for everything in the settings that stops the start of the bot.

    Those that are ``unreadable`` have defaults here: nothing is said about them.
    """
    problems: list[str] = []
    if not (settings.discord_token.get_secret_value() or "discord_token" in unreadable):
        problems.append(_missing("DISCORD_TOKEN"))
    if not _OF_GATEWAYS.intersection(unreadable):
        with collect_problems(problems):
            gateways = read_gateways(settings)
            check_prices(settings, gateways)
            check_text_model(settings, gateways)
    with collect_problems(problems):
        lock_folders(settings)
        check_address(settings)
    with collect_problems(problems):
        cluster_of(settings)
    with collect_problems(problems):
        read_rules(settings.moderation_file)
    with collect_problems(problems):
        check_tracing(settings)
    return problems


def read_gateways(settings: Settings) -> tuple[Gateway, ...]:
    """Return the gateways that the settings name.

    Raises:
        StartRefused: there is none, or it is described wrongly.
    """
    return tuple(_with_downloads(gateway, settings) for gateway in _described_gateways(settings))


def _with_downloads(gateway: Gateway, settings: Settings) -> Gateway:
    """Return the gateway with the hosts and networks that all gateways' pictures may come from."""
    download = replace(
        gateway.download,
        hosts=(*gateway.download.hosts, *settings.download_hosts),
        networks=(*gateway.download.networks, *settings.download_networks),
    )
    return replace(gateway, download=download)


def _described_gateways(settings: Settings) -> tuple[Gateway, ...]:
    keys = {name: key.api_key.get_secret_value() for name, key in settings.gateways.items()}
    file = settings.gateways_file
    if file is not None:
        if settings.image_api_url:
            raise StartRefused(
                "IMAGE_API_URL and GATEWAYS_FILE are both set: keep one and empty the other."
            )
        return parse_gateways(_read(file), keys, file=file.name)
    if keys:
        raise StartRefused(
            f"GATEWAYS__{next(iter(keys)).upper()}__API_KEY is set without GATEWAYS_FILE: "
            "name the file that holds this gateway, or use IMAGE_API_KEY."
        )
    return (_only_gateway(settings),)


def _only_gateway(settings: Settings) -> Gateway:
    key = settings.image_api_key.get_secret_value()
    given = {
        "IMAGE_API_URL": settings.image_api_url,
        "IMAGE_API_KEY": key,
        "IMAGE_MODELS": settings.image_models,
    }
    problems = [_missing(name) for name, value in given.items() if not value]
    url, models = settings.image_api_url, settings.image_models
    if problems:
        if url:
            with collect_problems(problems):
                single_gateway(url=url, key=key, models=models)
        raise StartRefused(*problems)
    return single_gateway(url=url, key=key, models=models)


def _missing(name: str) -> str:
    return f"{name} is missing: {FIXES[name]}."


def check_prices(settings: Settings, gateways: Collection[Gateway]) -> None:
    """Raise StartRefused when there is a budget and something that a gateway sells has no price."""
    if not settings.operator_budget:
        return
    unpriced = [*_unpriced(settings, gateways), *_unpriced_calls(settings, gateways)]
    if unpriced:
        raise StartRefused(*unpriced)


def check_text_model(settings: Settings, gateways: Collection[Gateway]) -> None:
    """Raise StartRefused when the gateway of TEXT_MODEL is none, or a budget needs its price."""
    if not settings.text_model:
        return
    problems = []
    names = [gateway.name for gateway in gateways]
    if settings.text_gateway and settings.text_gateway not in names:
        problems.append(
            f"TEXT_GATEWAY is {settings.text_gateway}, which is no gateway: set it to one of "
            f"{', '.join(names)}, or leave it empty for the first."
        )
    if settings.operator_budget and settings.text_price is None:
        problems.append(f"OPERATOR_BUDGET needs TEXT_PRICE: {FIXES['TEXT_PRICE']}.")
    if problems:
        raise StartRefused(*problems)


def check_address(settings: Settings) -> None:
    """Raise StartRefused where DATABASE_URL names a server and cannot be used at all."""
    if settings.has_server:
        with driver_needed():
            from bot.database.postgresql import connect  # noqa: PLC0415 - an extra
        with connect.unusable_refused():
            connect.parameters_of(settings.database_url)


def check_tracing(settings: Settings) -> None:
    """Raise StartRefused when TRACES_URL is set and the extra for it is not installed."""
    if settings.traces_url and find_spec("opentelemetry") is None:
        raise StartRefused(
            'TRACES_URL needs more packages: pip install "easel-bot[tracing]", or leave it empty.'
        )


def _unpriced(settings: Settings, gateways: Collection[Gateway]) -> Iterator[str]:
    file = settings.gateways_file
    of = file or "a gateways.toml, and name that file in GATEWAYS_FILE"
    for gateway, model in unpriced_models(gateways):
        yield (
            f"OPERATOR_BUDGET needs a price of every model, and the gateway {gateway} has none for "
            f"{model}: write one like price = 0.04 under "
            f'[gateways.{gateway}.abilities."{model}"] of {of}, or leave OPERATOR_BUDGET empty.'
        )


def _unpriced_calls(settings: Settings, gateways: Collection[Gateway]) -> Iterator[str]:
    for gateway in gateways if settings.text_price is None else ():
        for name, call in gateway.text_calls.items():
            if call.price is None and not call.is_value:
                yield (
                    f"OPERATOR_BUDGET needs the price of calls.{name} of the gateway "
                    f"{gateway.name}: write one like price = 0.05 under "
                    f"[gateways.{gateway.name}.calls.{name}], or set TEXT_PRICE."
                )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # Windows editors write a mark first
    except (OSError, UnicodeDecodeError):
        raise StartRefused(
            f"GATEWAYS_FILE cannot be read ({path}): {FIXES['GATEWAYS_FILE']}."
        ) from None
