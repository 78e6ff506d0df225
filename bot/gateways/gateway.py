"""One gateway as data: where it is, and how it differs from OpenAI on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal
from urllib.parse import quote

from msgspec import Meta
from multidict import CIMultiDict
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind
from bot.gateways.model_abilities import ModelAbilities, Positive, Seconds

GENERATIONS = "/v1/images/generations"
CONNECT_TIMEOUT_S = 10

RequestField = Literal[
    "model",
    "prompt",
    "n",
    "size",
    "quality",
    "style",
    "background",
    "moderation",
    "output_format",
    "output_compression",
    "response_format",
    "stream",
    "partial_images",
    "user",
    "safety_identifier",
    "image",
    "images",
    "mask",
]
"""The fields of a request, by OpenAI's names."""

StringMap = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """The header that carries the key; an empty ``header`` means that no key is sent."""

    header: str = "Authorization"
    format: str = "Bearer {key}"

    def headers(self, key: str) -> StringMap:
        """Return the header for this key; nothing without a key."""
        return {self.header: self.format.replace("{key}", key)} if self.header and key else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSettings:
    """Sent exactly as written, trailing slash included; an empty one lies beside ``generate``."""

    generate: str = GENERATIONS
    edit: str = ""
    task: str = ""
    models: str = ""

    @property
    def edits(self) -> str:
        """Return the path of the edits."""
        return self.edit or self._beside("images/edits")

    @property
    def tasks(self) -> str:
        """Return the path of a task, with ``{task_id}`` in it."""
        return self.task or self._beside("images/tasks/{task_id}")

    @property
    def model_list(self) -> str:
        """Return the path of the list of models."""
        return self.models or self._beside("models")

    def _beside(self, name: str) -> str:
        path = self.generate.partition("?")[0]
        before, images, _ = path.rpartition("images/")
        return f"{before if images else '/v1/'}{name}{'/' if path.endswith('/') else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncSettings:
    """How a gateway is told to answer with a task: by the field that is called like ``mode``.

    With ``always`` it is not told; with ``none`` it is not expected to, although it may.
    """

    mode: Literal["none", "query", "path", "body", "header", "always"] = "none"
    query: StringMap = field(default_factory=dict)
    path: str = ""
    body: Mapping[str, str | bool | int] = field(default_factory=dict)
    header: StringMap = field(default_factory=dict)

    @property
    def is_on(self) -> bool:
        """Whether tasks are asked for, or come anyway."""
        return self.mode != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """How often a task is looked at, and for how long altogether, in seconds."""

    interval_s: Seconds = 3
    budget_s: Seconds = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSettings:
    """How result pictures are fetched.

    ``auth`` says whether the key goes along, ``hosts`` (``host`` or ``host:port``) are private
    ones that are trusted, ``max_mb`` is in millions of bytes.
    """

    auth: Literal["never", "same_origin"] = "never"
    max_mb: Positive = 50
    hosts: tuple[str, ...] = ()

    @property
    def max_bytes(self) -> int:
        """Return how large a picture may be."""
        return self.max_mb * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An OpenAI-compatible image endpoint, as its table describes it.

    ``abilities`` are what its models can do here, where that differs from ``models.toml``.
    ``wrap`` names the object that the fields of a JSON body lie in, if they do. ``error_kinds``
    are by the gateway's own codes; ``max_at_once`` is 0 where it takes any number of requests.
    """

    name: str
    base_url: str
    models: tuple[str, ...]
    key: str = field(default="", repr=False)
    auth: AuthSettings = field(default_factory=AuthSettings)
    paths: PathSettings = field(default_factory=PathSettings)
    query: StringMap = field(default_factory=dict, repr=False)
    headers: StringMap = field(default_factory=dict, repr=False)
    always_send: tuple[RequestField, ...] = ()
    drop: tuple[RequestField, ...] = ()
    rename: Mapping[RequestField, Annotated[str, Meta(min_length=1)]] = field(default_factory=dict)
    coerce: Mapping[RequestField, Literal["string"]] = field(default_factory=dict)
    wrap: str = ""
    edit_field: str = "auto"
    asynchronous: AsyncSettings = field(default_factory=AsyncSettings, metadata={"key": "async"})
    poll: PollSettings = field(default_factory=PollSettings)
    streaming: Literal["off", "sse"] = field(default="off", metadata={"key": "stream"})
    error_kinds: Mapping[str, GatewayErrorKind] = field(
        default_factory=dict, metadata={"key": "errors"}
    )
    download: DownloadSettings = field(default_factory=DownloadSettings)
    redirects: Literal["same_origin_307", "none"] = "same_origin_307"
    max_at_once: Annotated[int, Meta(ge=0)] = 0
    abilities: Mapping[str, ModelAbilities] = field(default_factory=dict)

    # --- where ----------------------------------------------------------------------------------

    @property
    def url(self) -> URL:
        """Return where pictures are ordered, with what asks for a task."""
        return self._asking(self.paths.generate)

    @property
    def edit_url(self) -> URL:
        """Return where pictures are ordered that start from others."""
        return self._asking(self.paths.edits)

    @property
    def models_url(self) -> URL:
        """Return where the list of models lies."""
        return self._at(self.paths.model_list)

    def task_url(self, task_id: str) -> URL:
        """Return where a task is looked at."""
        return self._at(self.paths.tasks.replace("{task_id}", quote(task_id, safe="")))

    def _asking(self, path: str) -> URL:
        before, mark, query = path.partition("?")
        return self._at(before + self.asynchronous.path + mark + query, **self.asynchronous.query)

    def _at(self, path: str, **query: str) -> URL:
        """Return an address below the base; ``/v1`` is never doubled."""
        base, path = self.base_url.rstrip("/"), "/" + path.lstrip("/")
        url = URL(base.removesuffix("/v1") + path if path.startswith("/v1/") else base + path)
        asked = {**self.query, **query}
        return url.update_query(asked) if asked else url

    @property
    def private_hosts(self) -> frozenset[tuple[str, int | None]]:
        """Return the hosts with ports (None: any) whose private addresses are trusted."""
        allowed = map(host_and_port, self.download.hosts)
        return frozenset({(self.url.raw_host or "", self.url.port), *allowed})

    # --- how ------------------------------------------------------------------------------------

    @property
    def stream(self) -> bool:
        """Whether pictures are asked for as server-sent events, where the model can."""
        return self.streaming == "sse"

    def sent_headers(self) -> CIMultiDict[str]:
        """Return the headers of every request, with the key."""
        headers = CIMultiDict({"Accept": "application/json"})
        headers["Accept-Encoding"] = "identity"  # base64 of pictures shrinks little, for much work
        headers.update(self.auth.headers(self.key))
        headers.update(self.headers)
        return headers

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return what no log record may hold."""
        given = (self.key, *self.headers.values(), *self.query.values())
        return tuple(secret for secret in given if secret)

    def form_field(self, files: int) -> str:
        """Return the name of the form field for that many reference files."""
        if self.edit_field != "auto":
            return self.edit_field
        # OpenAI's own clients write it so; many gateways know only one of the two.
        return "image" if files == 1 else "image[]"


def host_and_port(entry: str) -> tuple[str, int | None]:
    """Read ``host`` or ``host:port``; the host is empty where the entry is neither."""
    try:
        url = URL(f"http://{entry}")
    except ValueError:
        return "", None
    return ("" if "/" in entry else url.raw_host or ""), url.explicit_port
