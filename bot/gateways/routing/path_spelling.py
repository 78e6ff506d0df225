"""The two spellings of a path, with and without the slash at its end, where nobody set it."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import msgspec
import structlog

from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.models import Billed
from bot.gateways.gateway import Gateway

log = structlog.get_logger()

_FILE_NAME = "gateway-paths.json"
_LACKING_STATUSES = (
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
)
_LACKING_KINDS = (GatewayErrorKind.MODEL_UNAVAILABLE, GatewayErrorKind.BAD_RESPONSE)


def found_paths(data_dir: Path) -> dict[str, str]:
    """Return the paths of generations that were found by trying, by base URL."""
    try:
        return msgspec.json.decode((data_dir / _FILE_NAME).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):  # there is none yet, or it was cut off
        return {}


def with_found_path(gateway: Gateway, found: Mapping[str, str]) -> Gateway:
    """Return a gateway with the path that was found for it."""
    path = found.get(gateway.base_url) if gateway.has_guessed_path else None
    return _with_path(gateway, path or gateway.paths.generate)


class PathSpellings:
    """The spellings that gateways have; each is looked for once, and kept in ``data_dir``.

    Only after a refusal which is certain to be about the path, so that nothing is paid twice.
    """

    def __init__(self, data_dir: Path | None = None) -> None:
        self._data_dir = data_dir
        self._found = found_paths(data_dir) if data_dir else {}
        self._on_trial: dict[str, str] = {}  # paths that are being tried, by base URL
        self._right: set[str] = set()  # base URLs whose present path has brought pictures
        self._given_up: set[str] = set()  # base URLs at which neither exists

    def apply(self, gateway: Gateway) -> Gateway:
        """Return the gateway with the path that requests are sent to."""
        return with_found_path(gateway, {**self._found, **self._on_trial})

    def refused(self, failure: GatewayFailure, used: Gateway) -> None:
        """Record a refusal; set its ``other_path`` if that is to be tried."""
        if not used.has_guessed_path or used.base_url in self._right:
            return
        if not _lacks_path(failure):
            self._on_trial.pop(used.base_url, None)  # a web page or a refused key says nothing
            return
        base, path = used.base_url, used.paths.generate
        if self._on_trial.get(base) == path:
            del self._on_trial[base]
            self._given_up.add(base)
        elif base not in self._given_up:
            current = self.apply(used).paths.generate
            if current == path:
                self._on_trial[base] = current = _other_spelling(path)
            failure.other_path = current

    def confirm(self, used: Gateway) -> None:
        """Record that the gateway has the path: it brought pictures."""
        base, path = used.base_url, used.paths.generate
        self._right.add(base)
        if self._on_trial.get(base) != path:
            return
        del self._on_trial[base]
        self._found[base] = path
        log.warning(
            "gateway.path_found",
            gateway=used.name,
            path=path,
            mend=f"write it at the end of IMAGE_API_URL: {used.url.path}",
        )
        self._save()

    def _save(self) -> None:
        if self._data_dir is None:
            return
        part = self._data_dir / f"{_FILE_NAME}.part"
        try:
            part.write_bytes(msgspec.json.encode(self._found))
            part.replace(self._data_dir / _FILE_NAME)
        except OSError as refused:  # after the next start it is looked for again
            log.warning("gateway.path_not_kept", why=refused.strerror)


def _lacks_path(failure: GatewayFailure) -> bool:
    """Tell whether the gateway has no such path, and did nothing."""
    return (
        failure.billed is Billed.NO
        and failure.http_status in _LACKING_STATUSES
        and failure.kind in _LACKING_KINDS
        and "model" not in failure.detail.casefold()
    )


def _other_spelling(path: str) -> str:
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


def _with_path(gateway: Gateway, path: str) -> Gateway:
    if path == gateway.paths.generate:
        return gateway
    return replace(gateway, paths=replace(gateway.paths, generate=path))
