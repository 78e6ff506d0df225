"""A gateway's configuration: its URLs, headers, and deviations from OpenAI's interface."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal
from urllib.parse import quote

from msgspec import Meta
from multidict import CIMultiDict
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import RequestOption
from bot.gateways.actions import Actions
from bot.gateways.addresses import IpNetwork, parse_network
from bot.gateways.calls import Api, Call, CallName, Calls, reached_calls, shipped_calls
from bot.gateways.model_abilities import ModelAbilities, Seconds, ValueField
from bot.gateways.request.template import merge_templates
from bot.gateways.sizes import Positive
from bot.gateways.text_calls import TextCalls

GENERATIONS = "/v1/images/generations"
CONNECT_TIMEOUT_S = 10
NO_LIST = "none"
PROMPT = "{prompt}"  # as it was written

RequestField = Literal[
    RequestOption,
    ValueField,
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
"""A field of a request, by OpenAI's name."""

StringMap = Mapping[str, str]
BodyValue = str | bool | int | float | list[object] | dict[str, object]
"""The value of a constant field."""

FORM_FIELD = re.compile(r"auto|[A-Za-z0-9_.-]+(\[\])?")
PATH = re.compile(r"[!$%&'()*+,./0-9:;=?@A-Z\[\]_a-z{}~-]*")
# A segment of a base URL, such as v1, v3, v1beta or v4.1.
_VERSION = re.compile(r"(?:^|/)v\d+(?:\.\d+)?(?:(?:alpha|beta|preview)\d*)?(?:/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """The header that carries the API key; no key is sent if ``header`` is empty."""

    header: str = "Authorization"
    format: str = "Bearer {key}"

    def headers(self, key: str) -> StringMap:
        """Return the header with this key, or no header without a key."""
        return {self.header: self.format.replace("{key}", key)} if self.header and key else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSettings:
    """URL paths, used exactly as written; an empty one is derived from ``generate``.

    ``models`` may hold a query; "none" means that there is no list of models.
    """

    generate: str = GENERATIONS
    edit: str = ""
    task: str = ""
    models: str = ""
    chat: str = ""
    responses: str = ""

    @property
    def edits(self) -> str:
        """Return the path of edits."""
        return self.edit or self._sibling("images/edits")

    @property
    def tasks(self) -> str:
        """Return the path of a task, with ``{task_id}`` in it."""
        return self.task or self._sibling("images/tasks/{task_id}")

    @property
    def model_list(self) -> str:
        """Return the path of the list of models; without a list that of generations."""
        if not self.has_model_list:
            return self.generate
        return self.models or self._sibling("models")

    @property
    def has_model_list(self) -> bool:
        """Whether the gateway is expected to list its models."""
        return self.models != NO_LIST

    def of_call(self, api: Api, name: CallName) -> str:
        """Return the path of a call that has none of its own."""
        if api == "chat":
            return self.chat or self._sibling("chat/completions")
        if api == "responses":
            return self.responses or self._sibling("responses")
        return self.generate if name == "generate" else self.edits

    def _sibling(self, name: str) -> str:
        path = self.generate.partition("?")[0]
        before, images, _ = path.rpartition("images/")
        return f"{before if images else '/v1/'}{name}{'/' if path.endswith('/') else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncSettings:
    """How an asynchronous task is requested: ``mode`` names the field below that is sent.

    ``always``: every reply is a task, nothing is sent; ``none``: tasks are not requested.
    """

    mode: Literal["none", "query", "path", "body", "header", "always"] = "none"
    query: StringMap = field(default_factory=dict)
    path: str = ""
    body: Mapping[str, str | bool | int] = field(default_factory=dict)
    header: StringMap = field(default_factory=dict)

    @property
    def is_on(self) -> bool:
        """Whether replies are expected to be tasks."""
        return self.mode != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """How often a task is polled, and for how long in total, in seconds."""

    interval_s: Seconds = 3
    budget_s: Seconds = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadSettings:
    """How pictures are downloaded.

    ``auth`` says whether the key is sent; ``hosts`` (``host`` or ``host:port``) and ``networks``
    (such as ``10.1.0.0/16``) are trusted although they are private; ``max_mb`` is in millions of
    bytes.
    """

    auth: Literal["never", "same_origin"] = "never"
    max_mb: Positive = 50
    hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    @property
    def allowed_networks(self) -> tuple[IpNetwork, ...]:
        """Return the networks, parsed; raise ValueError if one is none."""
        return tuple(map(parse_network, self.networks))

    @property
    def max_bytes(self) -> int:
        """Return the maximum size of a picture."""
        return self.max_mb * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """An OpenAI-compatible image endpoint, as its table in ``gateways.toml`` describes it.

    ``api`` is which endpoint paints, ``calls`` the requests that the table describes itself,
    ``text_calls`` those of them that give words, ``actions`` what can be done with its finished
    tasks.
    ``abilities`` describe its models where they differ from ``models.toml``. ``body`` holds fields
    that every request has; it is a template laid over every call. ``prompt`` is how a prompt is
    spelled. ``wrap`` names the object that contains the fields of a JSON body, if any.
    ``error_kinds`` maps the gateway's own error codes. ``streaming`` requests event streams from
    models that support them.
    ``max_at_once`` limits concurrent requests; 0 means no limit. ``has_guessed_path``: the operator
    set a base URL only.
    """

    name: str
    base_url: str
    models: tuple[str, ...]
    key: str = field(default="", repr=False)
    api: Api = "images"
    calls: Calls = field(default_factory=dict)
    text_calls: TextCalls = field(default_factory=dict)
    actions: Actions = field(default_factory=Actions)
    prompt: str = PROMPT
    auth: AuthSettings = field(default_factory=AuthSettings)
    paths: PathSettings = field(default_factory=PathSettings)
    query: StringMap = field(default_factory=dict, repr=False)
    headers: StringMap = field(default_factory=dict, repr=False)
    always_send: tuple[RequestField, ...] = ()
    drop: tuple[RequestField, ...] = ()
    rename: Mapping[RequestField, Annotated[str, Meta(min_length=1)]] = field(default_factory=dict)
    coerce: Mapping[RequestField, Literal["string"]] = field(default_factory=dict)
    body: Mapping[str, BodyValue] = field(default_factory=dict)
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
    has_guessed_path: bool = False

    # --- URLs -----------------------------------------------------------------------------------

    @property
    def url(self) -> URL:
        """Return the URL of generations, with the async flag if it is part of the URL."""
        return self._with_async_flag(self.paths.generate)

    @property
    def edit_url(self) -> URL:
        """Return the URL of edits, with the async flag if it is part of the URL."""
        return self._with_async_flag(self.paths.edits)

    @property
    def models_url(self) -> URL:
        """Return the URL of the list of models."""
        return self._at(self.paths.model_list)

    @property
    def chat_url(self) -> URL:
        """Return the URL of chat completions."""
        return self._at(self.paths.of_call("chat", "generate"))

    def task_url(self, task_id: str) -> URL:
        """Return the URL at which a task is polled."""
        return self._at(self.paths.tasks.replace("{task_id}", quote(task_id, safe="")))

    def call_url(self, call: Call, model: str) -> URL:
        """Return the URL of a call, with the async flag if it is part of the URL."""
        return self._with_async_flag(_with_model(call.path, model))

    def value_url(self, call: Call, task_id: str, model: str) -> URL:
        """Return the URL of a call for a value of a finished task."""
        path = _with_model(call.path, model)
        return self._at(path.replace("{task}", quote(task_id, safe="")))

    def task_path(self, call: Call, task_id: str, model: str) -> str:
        """Return the path at which a task of a call is polled, where the call has its own."""
        path = _with_model(call.task, model).replace("{task_id}", quote(task_id, safe=""))
        return self._below(path).raw_path_qs

    def _with_async_flag(self, path: str) -> URL:
        before, mark, query = path.partition("?")
        return self._at(before + self.asynchronous.path + mark + query, **self.asynchronous.query)

    def _at(self, path: str, **query: str) -> URL:
        url = self._below(path)
        parameters = {**self.query, **query}
        return url.update_query(parameters) if parameters else url

    def _below(self, path: str) -> URL:
        """Return a URL below the base, which may have its own version, such as ``/api/v3``."""
        base, path = self.base_url.rstrip("/"), "/" + path.lstrip("/")
        if path.startswith("/v1/") and _VERSION.search(base.partition("://")[2].partition("/")[2]):
            path = path.removeprefix("/v1")
        return URL(base + path)

    @property
    def reply_base(self) -> URL:
        """Return the URL that relative URLs in replies are resolved against."""
        return URL(self.base_url.rstrip("/") + "/")

    @property
    def private_hosts(self) -> frozenset[tuple[str, int | None]]:
        """Return the hosts, with port or None for any, whose private addresses are trusted."""
        allowed = map(host_and_port, self.download.hosts)
        return frozenset({(self.url.raw_host or "", self.url.port), *allowed})

    # --- calls ----------------------------------------------------------------------------------

    def api_of(self, model: ModelAbilities) -> Api:
        """Return the API by which a model is asked."""
        return model.api or self.api

    def calls_of(self, model: ModelAbilities, name: CallName) -> tuple[Call, ...]:
        """Return the calls of a kind that a model may get, with path and whole body."""
        api = self.api_of(model)
        own, shipped = self.calls.get(name, ()), shipped_calls(api).get(name, ())
        reached = reached_calls([call for call in (*own, *shipped) if call.is_for(model.name)])
        return tuple(
            replace(
                call,
                path=call.path or self.paths.of_call(api, name),
                body=merge_templates(call.body, self.body),
            )
            for call in reached
        )

    def call_of(self, model: ModelAbilities, name: CallName, images: int) -> Call | None:
        """Return the first call that takes so many pictures; None if there is none."""
        return next((call for call in self.calls_of(model, name) if call.takes(images)), None)

    # --- headers and fields ---------------------------------------------------------------------

    def request_headers(self) -> CIMultiDict[str]:
        """Return the headers of every request, including the key."""
        headers = CIMultiDict({"Accept": "application/json"})
        headers["Accept-Encoding"] = "identity"  # compressing base64 of pictures saves little
        headers.update(self.auth.headers(self.key))
        headers.update(self.headers)
        return headers

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the values that must not appear in a log."""
        values = (self.key, *self.headers.values(), *self.query.values())
        return tuple(filter(None, values))

    @property
    def private_texts(self) -> tuple[str, ...]:
        """Return the secrets and the host: what no message may hold."""
        return (*self.secrets, self.url.raw_host or "")

    def form_field(self, files: int) -> str:
        """Return the name of the form field for this number of reference files."""
        if self.edit_field != "auto":
            return self.edit_field
        # As OpenAI's own clients name it; many gateways accept only one of the two.
        return "image" if files == 1 else "image[]"


def _with_model(path: str, model: str) -> str:
    return path.replace("{model}", quote(model, safe="/"))


def host_and_port(entry: str) -> tuple[str, int | None]:
    """Parse ``host`` or ``host:port``; the host is empty if the entry is neither."""
    try:
        url = URL(f"http://{entry}")
    except ValueError:
        return "", None
    return ("" if "/" in entry else url.raw_host or ""), url.explicit_port
