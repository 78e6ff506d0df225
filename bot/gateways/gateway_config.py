"""Read and check the configuration of gateways: ``gateways.toml``, or three variables."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args
from urllib.parse import parse_qsl

from yarl import URL

from bot.core.errors.base import StartRefused, collect_problems
from bot.gateways.actions import read_actions
from bot.gateways.call_abilities import shipped_at
from bot.gateways.call_config import call_errors, described_errors
from bot.gateways.calls import read_calls
from bot.gateways.gateway import (
    FORM_FIELD,
    GENERATIONS,
    PATH,
    AsyncSettings,
    DownloadSettings,
    Gateway,
    PathSettings,
    RequestField,
    host_and_port,
)
from bot.gateways.model_abilities import (
    VALUE_FIELDS,
    ModelAbilities,
    merge_abilities,
    shipped_models,
    undescribed_model,
)
from bot.gateways.text_calls import read_text_calls
from bot.gateways.toml_tables import TomlTable, as_table, read_sections, read_table

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PLACEHOLDER = re.compile(r"[<>]")
_NEVER_DROPPED = frozenset({"prompt", "image", "images", "mask"})
_NO_AUTH = {"header": ""}
_ASYNC_VALUES = ("true", "1")


def single_gateway(*, url: str, key: str, models: Sequence[str]) -> Gateway:
    """Return the gateway of IMAGE_API_URL, IMAGE_API_KEY and IMAGE_MODELS.

    The URL may be a base, with or without a version, or the complete URL of generations. With
    ``?async=true`` every reply is expected to be a task.
    """
    address, _, query_text = url.strip().partition("?")
    query = dict(parse_qsl(query_text))
    by_query = {"async": query.pop("async")} if query.get("async") in _ASYNC_VALUES else {}
    base, found, slash = address.partition(GENERATIONS)
    if not found:  # below a version that is not /v1
        base, found, slash = address.partition(GENERATIONS.removeprefix("/v1"))
    gateway = Gateway(
        name="default",
        base_url=base,
        models=tuple(models),
        paths=PathSettings(generate=found + slash or GENERATIONS),
        query=query if found else {},
        asynchronous=AsyncSettings(mode="query", query=by_query) if by_query else AsyncSettings(),
        has_guessed_path=not found,
    )
    _check_address(gateway if found or not query_text else replace(gateway, base_url=url))
    return replace(gateway, key=_checked_key(key, "IMAGE_API_KEY"))


def parse_gateways(
    text: str, keys: Mapping[str, str], *, file: str = "gateways.toml"
) -> tuple[Gateway, ...]:
    """Read ``[gateways.NAME]`` tables; the keys come from GATEWAYS__NAME__API_KEY.

    ``keys`` are by NAME, in any case and with ``_`` instead of ``-``.

    Raises:
        StartRefused: tables are wrong; each sentence names the table and the key.
    """
    gateways: dict[str, Gateway] = {}
    problems: list[str] = []
    tables = read_sections(text, file=file, section="gateways")
    for name, table in tables.items():
        where = f"{file}, [gateways.{name}],"
        with collect_problems(problems):
            gateway = _gateway(name, table, where)
            if gateways.setdefault(_normalized(name), gateway) is not gateway:
                problems.append(f"{where} has the same name as another gateway.")
    if not tables:
        problems.append(f"{file} has no table [gateways.NAME]: gateways.toml.example shows one.")
    named = set(map(_normalized, tables))
    problems += _wrong_keys(keys, named, file)
    if problems:
        raise StartRefused(*problems)
    return tuple(_with_key(gateway, keys) for gateway in gateways.values())


def _gateway(name: str, table: TomlTable, where: str) -> Gateway:
    apart = ("abilities", "calls", "actions")
    fields = {key: value for key, value in table.items() if key not in apart}
    if fields.get("auth") == "none":
        fields["auth"] = _NO_AUTH
    given: dict[str, object] = {"name": name, "key": "", "abilities": {}}
    given |= {"calls": {}, "text_calls": {}}
    given["actions"] = read_actions(table.get("actions", {}), where=where)
    bare = read_table(fields, Gateway, where=where, has_guessed_path=False, **given)
    calls = table.get("calls", {})
    gateway = replace(
        bare,
        calls=read_calls(calls, where=where),
        text_calls=read_text_calls(calls, where=where),
    )
    if errors := [f"{where} {wrong}." for wrong in _errors(gateway)]:
        raise StartRefused(*errors)
    abilities = as_table(table.get("abilities", {}), where=f"{where} abilities")
    described = replace(gateway, abilities=_abilities(gateway, abilities, where))
    wrong_calls = _wrong_calls(described, abilities)
    if errors := [f"{where} {wrong}." for wrong in (*_wrong_abilities(described), *wrong_calls)]:
        raise StartRefused(*errors)
    return described


def _abilities(gateway: Gateway, tables: TomlTable, where: str) -> dict[str, ModelAbilities]:
    if unknown := sorted(tables.keys() - set(gateway.models)):
        raise StartRefused(f"{where} abilities describes {unknown[0]}, which models does not name.")
    return {
        name: _ability(gateway, name, table, f"{where} abilities.{name}")
        for name, table in tables.items()
    }


def _ability(gateway: Gateway, name: str, table: object, where: str) -> ModelAbilities:
    """Return a model as the gateway's table describes it; its API decides what is overridden."""
    shipped = shipped_models().get(name)
    ability = merge_abilities(shipped, name, table, where=where)
    if shipped is None:
        return ability
    at_gateway = shipped_at(gateway, replace(shipped, api=ability.api))
    return merge_abilities(at_gateway, name, table, where=where)


def _wrong_calls(gateway: Gateway, tables: TomlTable) -> Iterator[str]:
    known = {**shipped_models(), **gateway.abilities}
    yield from call_errors(gateway, [known.get(m) or undescribed_model(m) for m in gateway.models])
    for name, ability in gateway.abilities.items():
        table = as_table(tables[name], where="abilities")
        yield from described_errors(gateway, ability, table)


def _wrong_keys(keys: Mapping[str, str], named: Collection[str], file: str) -> list[str]:
    problems: list[str] = []
    for name, key in keys.items():
        variable = f"GATEWAYS__{_normalized(name).upper()}__API_KEY"
        if _normalized(name) not in named:
            problems.append(f"{variable} names a gateway that {file} does not have.")
        with collect_problems(problems):
            _checked_key(key, variable)
    return problems


def _with_key(gateway: Gateway, keys: Mapping[str, str]) -> Gateway:
    found = [key for name, key in keys.items() if _normalized(name) == _normalized(gateway.name)]
    return replace(gateway, key=found[-1].strip()) if found else gateway


def _normalized(name: str) -> str:
    return name.casefold().replace("-", "_")


# --- checks -------------------------------------------------------------------------------------


def _errors(gateway: Gateway) -> Iterator[str]:
    """Yield each error as the end of a sentence that begins with the name of the table."""
    yield from _wrong_address(gateway.base_url)
    if not gateway.models:
        yield "models must name at least one model"
    yield from _wrong_paths(gateway)
    yield from _wrong_headers(gateway)
    yield from _wrong_fields(gateway)
    yield from _wrong_task_mode(gateway.asynchronous)
    if gateway.streaming == "sse" and gateway.asynchronous.is_on:
        yield "stream and async exclude each other: keep one"
    yield from _wrong_downloads(gateway.download)


def _wrong_downloads(download: DownloadSettings) -> Iterator[str]:
    if not all(host_and_port(entry)[0] for entry in download.hosts):
        yield "download.hosts must be host or host:port, without http://"
    try:
        download.allowed_networks  # noqa: B018 - parses them
    except ValueError:
        yield "download.networks must be networks such as 198.18.0.0/15"


def _wrong_paths(gateway: Gateway) -> Iterator[str]:
    paths = gateway.paths
    for key in ("generate", "edit", "task", "models", "chat", "responses"):
        if not PATH.fullmatch(getattr(paths, key)):
            yield f"paths.{key} holds a character that no path has"
    if not paths.generate:
        yield "paths.generate is empty"
    if paths.tasks.count("{task_id}") != 1:
        yield "paths.task must hold {task_id} once"


def _wrong_headers(gateway: Gateway) -> Iterator[str]:
    auth, by_task = gateway.auth, gateway.asynchronous.header
    if not all(_are_headers(headers) for headers in (gateway.headers, by_task)):
        yield "headers: a name or value cannot be sent"
    if auth.header and not _are_headers({auth.header: auth.format}):
        yield "auth: a name or value cannot be sent"
    if "{key}" not in auth.format:
        yield "auth.format must hold {key}"


def _are_headers(headers: Mapping[str, str]) -> bool:
    return all(_NAME.fullmatch(name) and value.isprintable() for name, value in headers.items())


def _wrong_fields(gateway: Gateway) -> Iterator[str]:
    for name in sorted(_NEVER_DROPPED.intersection(gateway.drop)):
        yield f"drop must not name {name}"
    if not all(map(FORM_FIELD.fullmatch, gateway.rename.values())):
        yield "rename: a name cannot be sent"
    yield from _wrong_constants(gateway)
    if gateway.wrap and not _NAME.fullmatch(gateway.wrap):
        yield "wrap: a name cannot be sent"
    if both := sorted(set(gateway.drop) & set(gateway.always_send)):
        yield f"drop and always_send both name {both[0]}"
    if not FORM_FIELD.fullmatch(gateway.edit_field):
        yield 'edit_field must be "auto", or a name such as "image" or "image[]"'


def _wrong_constants(gateway: Gateway) -> Iterator[str]:
    """Check ``body``: a constant must not replace what a person chose."""
    kept = [
        name
        for name in get_args(RequestField)
        if name not in gateway.drop and name not in VALUE_FIELDS.values()
    ]
    sent = {gateway.rename.get(name, name): name for name in kept}
    for name in gateway.body:
        if not FORM_FIELD.fullmatch(name):
            yield "body: a name cannot be sent"
        if name in sent and gateway.api == "images" and "generate" not in gateway.calls:
            yield f"body names {name}, which Easel sends itself: drop {sent[name]}, or rename it"


def _wrong_abilities(gateway: Gateway) -> Iterator[str]:
    for name, ability in gateway.abilities.items():
        if ability.response_format.mode == "required" and "response_format" in gateway.drop:
            yield f"drop names response_format, which abilities.{name} requires"
        if gateway.calls_of(ability, "generate"):
            continue  # its body says what people choose
        names = ability.without(gateway.drop).field_names
        taken = [field for field in VALUE_FIELDS.values() if field in names]
        sent = {gateway.rename.get(field, names[field]) for field in taken}
        for both in sorted(gateway.body.keys() & sent):
            yield f"body names {both}, which people choose for abilities.{name}: remove it"


def _wrong_task_mode(asynchronous: AsyncSettings) -> Iterator[str]:
    for mode in ("query", "path", "body", "header"):
        needed = asynchronous.mode == mode
        if needed != bool(getattr(asynchronous, mode)):
            be = "say what is sent" if needed else f'be left out, as mode is "{asynchronous.mode}"'
            yield f"async.{mode} must {be}"
    if not PATH.fullmatch(asynchronous.path):
        yield "async.path holds a character that no path has"


def _wrong_address(base_url: str) -> Iterator[str]:
    if _PLACEHOLDER.search(base_url):
        yield (
            f"base_url is still {base_url}: put the gateway's own address there, "
            "or remove the table"
        )
    try:
        url = URL(base_url)
        fits = url.scheme in ("http", "https") and bool(url.host) and url.port is not None
    except ValueError:
        fits = False
    if not fits or any(mark in base_url for mark in "@?#"):
        yield "base_url must be a web address such as https://api.example.com/v1"


def _check_address(gateway: Gateway) -> None:
    for _ in _wrong_address(gateway.base_url):
        raise StartRefused(
            "IMAGE_API_URL must be a web address such as https://api.example.com/v1."
        )


def _checked_key(key: str, variable: str) -> str:
    key = key.strip()
    if not (key.isascii() and key.isprintable()):
        raise StartRefused(f"{variable} holds characters that no key has; paste it again.")
    return key
