import pytest

from bot.core.errors.base import StartRefused
from bot.core.errors.gateway import GatewayErrorKind
from bot.gateways.gateway import (
    AsyncSettings,
    AuthSettings,
    DownloadSettings,
    Gateway,
    PathSettings,
    PollSettings,
)
from bot.gateways.gateway_config import parse_gateways, single_gateway

SEEDS = """
[gateways.uuzu]
base_url = "https://utoken-test.uuzu.com"
paths = { generate = "/v1/images/generations/" }
models = ["dall-e-3"]

[gateways.Model-Max]
base_url = "https://api.modelmax.io/v1/"
models = ["imagen-3", "gpt-image-2"]
headers = { X-Org = "easel" }
download = { hosts = ["10.0.0.7:9000", "minio"] }
"""
ONE = '[gateways.g]\nbase_url = "https://a.example"\nmodels = ["m"]\n'


@pytest.mark.parametrize("base", ["https://a.example", "https://a.example/"])
@pytest.mark.parametrize("version", ["", "v1", "v1/"])
@pytest.mark.parametrize("path", ["/v1/images/generations", "v1/images/generations/"])
def test_v1_is_never_doubled(base: str, version: str, path: str) -> None:
    """Half of the vendors write it into the base URL, the other half into the path."""
    gateway = Gateway(
        name="g",
        base_url=f"{base.rstrip('/')}/{version}",
        models=("m",),
        paths=PathSettings(generate=path),
    )
    assert str(gateway.url) == "https://a.example/" + path.lstrip("/")


def test_a_base_with_a_folder_keeps_it() -> None:
    """Proxies mount gateways below a path."""
    gateway = Gateway(
        name="g",
        base_url="http://p:8/openai/v1",
        models=(),
        paths=PathSettings(generate="images/make"),
    )
    assert str(gateway.url) == "http://p:8/openai/v1/images/make"


def test_gateways_are_read_with_their_keys() -> None:
    """Keys come from the environment, so that the file can be shown around."""
    uuzu, modelmax = parse_gateways(SEEDS, {"MODEL_MAX": " sk-1 \n"})
    assert str(uuzu.url) == "https://utoken-test.uuzu.com/v1/images/generations/"
    assert (uuzu.key, uuzu.secrets) == ("", ())
    assert (modelmax.name, modelmax.key) == ("Model-Max", "sk-1")
    assert modelmax.models == ("imagen-3", "gpt-image-2")
    assert modelmax.secrets == ("sk-1", "easel")
    assert modelmax.private_hosts == {
        ("api.modelmax.io", 443),
        ("10.0.0.7", 9000),
        ("minio", None),
    }
    assert "sk-1" not in repr(modelmax)


@pytest.mark.parametrize("name", ["model-max", "Model_Max", "MODEL_MAX"])
def test_a_key_finds_its_gateway_however_it_is_spelt(name: str) -> None:
    """Environment variables have no dashes, and pydantic makes them small."""
    assert parse_gateways(SEEDS, {name: "sk-1"})[1].key == "sk-1"


WRONG = [
    ("[gateways.g", {}, "not valid TOML"),
    ("[providers.g]", {}, "unknown key providers"),
    ("[gateways.g]\nmodels = ['m']", {}, r"\[gateways\.g\].*base_url"),
    ("[gateways.g]\nbase_url = 'https://a'", {}, r"\[gateways\.g\].*models"),
    (ONE + "api_key = 'sk-1'", {}, r"\[gateways\.g\].*unknown key api_key"),
    (ONE + "key = 'sk-1'", {}, "unknown key key"),
    (ONE + "path = 3", {}, "unknown key path"),
    (ONE + "paths = 3", {}, r"\[gateways\.g\], paths must be a table"),
    (ONE + "paths = { make = '/' }", {}, r"\[gateways\.g\], paths has an unknown key make"),
    (ONE + "paths = { generate = 3 }", {}, r"paths is wrong: .*generate"),
    (ONE + "paths = { generate = '' }", {}, "paths.generate is empty"),
    (ONE + "paths = { edit = '/a b' }", {}, r"paths\.edit holds a character"),
    (ONE + "paths = { models = '/a#b' }", {}, r"paths\.models holds a character"),
    (ONE + "paths = { task = '/tasks' }", {}, r"paths\.task must hold \{task_id\}"),
    (ONE + "auth = 'key'", {}, "auth must be a table"),
    (ONE + "auth = { format = 'Bearer' }", {}, r"auth\.format must hold \{key\}"),
    (ONE + "auth = { header = 'a b' }", {}, "auth: a name"),
    (ONE + "auth = { format = '{key}\\n' }".replace("'", '"'), {}, "auth: a name"),
    (ONE + "query = { a = 1 }", {}, "query"),
    (ONE + "always_send = ['colour']", {}, "always_send"),
    (ONE + "drop = ['prompt']", {}, "drop must not name prompt"),
    (ONE + "drop = ['image', 'mask']", {}, "drop must not name image"),
    (ONE + "drop = ['size']\nalways_send = ['size']", {}, "drop and always_send both name size"),
    (ONE + "rename = { model = '' }", {}, "rename"),
    (ONE + "rename = { model = 'a\\r\\n' }".replace("'", '"'), {}, "rename: a name cannot"),
    (ONE + "rename = { colour = 'a' }", {}, "rename"),
    (ONE + "coerce = { n = 'float' }", {}, "coerce"),
    (ONE + "edit_field = 'a b'", {}, "edit_field must be"),
    (ONE + "body = { 'a b' = 1 }", {}, "body: a name cannot be sent"),
    (ONE + "body = { size = 'auto' }", {}, "body names size, which Easel sends itself: drop size"),
    (ONE + "rename = { n = 'count' }\nbody = { count = 1 }", {}, "body names count.*: drop n"),
    (ONE + "body = { watermark = 2026-01-01 }", {}, "wrong: .*`body"),
    (ONE + "wrap = 'a b'", {}, "wrap: a name cannot be sent"),
    (ONE + "wrap = true", {}, "wrong: .*`wrap`"),
    (ONE + "async = { mode = 'maybe' }", {}, r"\[gateways\.g\], async is wrong: .*mode"),
    (ONE + "async = { mode = 'query' }", {}, r"async\.query must say"),
    (ONE + "async = { mode = 'always', path = '/async' }", {}, r"async\.path must be left out"),
    (ONE + "async = { mode = 'path', path = ' ' }", {}, r"async\.path holds a character"),
    (ONE + "async = { mode = 'header', header = { 'a b' = 'c' } }", {}, "headers: a name"),
    (ONE + "async = { mode = 'always' }\nstream = 'sse'", {}, "stream and async exclude"),
    (ONE + "poll = { interval_s = 0 }", {}, "poll is wrong: .*interval_s"),
    (ONE + "stream = 'yes'", {}, "wrong: .*`stream`"),
    (ONE + "errors = { 1102 = 'broke' }", {}, r"wrong: .*`errors\["),
    (ONE + "redirects = 'all'", {}, "redirects"),
    (ONE + "download = { max_mb = 0 }", {}, "download is wrong: .*max_mb"),
    (ONE + "abilities = 3", {}, "abilities must be a table"),
    (ONE + "[gateways.g.abilities]\nq = {}", {}, "abilities describes q, which models"),
    (
        ONE + "drop = ['response_format']\n[gateways.g.abilities.m]\nprompt_max = 9\nauto = true\n"
        "response_format = { mode = 'required', value = 'url' }",
        {},
        r"\[gateways\.g\], drop names response_format, which abilities\.m requires",
    ),
    (ONE + "[gateways.g.abilities]\nm = 3", {}, r"abilities\.m must be a table"),
    (ONE + "[gateways.g.abilities]\nm = {}", {}, r"\[gateways\.g\], abilities\.m is wrong"),
    (ONE.replace("https://a.example", "https://<host>"), {}, "base_url is still https://<host>"),
    (ONE + "headers = { 'a b' = 'c' }", {}, "headers"),
    (ONE + 'headers = { a = "b\\nc" }', {}, "headers"),
    (ONE + "download = { hosts = ['http://a/'] }", {}, r"download\.hosts"),
    (ONE + "download = { hosts = ['a:b'] }", {}, r"download\.hosts"),
    (ONE + "download = { networks = ['10.0.0.0/33'] }", {}, r"download\.networks"),
    (ONE.replace('["m"]', "[]"), {}, "models must name"),
    (ONE.replace("https://a.example", "a.example"), {}, "base_url must be a web address"),
    (ONE.replace("https://a.example", "ftp://a.example"), {}, "base_url"),
    (ONE.replace("https://a.example", "https://u:p@a.example"), {}, "base_url"),
    (ONE.replace("https://a.example", "https://a.example?x=1"), {}, "base_url"),
    (ONE.replace("https://a.example", "https://a:port"), {}, "base_url"),
    (ONE + ONE.replace("gateways.g", "gateways.G"), {}, "same name"),
    (ONE, {"other": "sk-1"}, "GATEWAYS__OTHER__API_KEY"),
    (ONE, {"g": "sk-1\nsk-2"}, "GATEWAYS__G__API_KEY"),
    (ONE, {"g": "“sk-1”"}, "GATEWAYS__G__API_KEY"),
]


@pytest.mark.parametrize(("text", "keys", "named"), WRONG)
def test_a_wrong_gateway_is_named(text: str, keys: dict[str, str], named: str) -> None:
    """One sentence says which table, key or variable to mend, and holds no secret."""
    with pytest.raises(StartRefused, match=named) as refused:
        parse_gateways(text, keys)
    assert "sk-1" not in str(refused.value)


WHOLE = """
[gateways.g]
base_url = "https://a.example/api"
models = ["gpt-image-1"]
auth = { header = "Api-Key", format = "{key}" }
query = { api-version = "2026-10-01" }
headers = { X-Org = "easel" }
always_send = ["size"]
drop = ["stream", "style"]
rename = { model = "model_name" }
coerce = { n = "string" }
edit_field = "image[]"
async = { mode = "query", query = { async = "true" } }
poll = { interval_s = 5, budget_s = 1800 }
errors = { "1102" = "quota" }
download = { auth = "same_origin", max_mb = 9 }
redirects = "none"

[gateways.g.paths]
generate = "/v1/images/generations/"
edit = "/v2/edit"
task = "/v2/tasks/{task_id}/"
models = "/models"

[gateways.g.abilities."gpt-image-1"]
max_n = 1
references = { max_bytes = 25_000_000 }
"""


def test_everything_that_a_table_can_say() -> None:
    """Each key is stored in the field that the other modules read."""
    gateway = parse_gateways(WHOLE, {"g": "sk-1"})[0]
    version = "api-version=2026-10-01"
    assert str(gateway.url) == f"https://a.example/api/v1/images/generations/?{version}&async=true"
    assert str(gateway.edit_url) == f"https://a.example/api/v2/edit?{version}&async=true"
    assert str(gateway.task_url("a/7?")) == f"https://a.example/api/v2/tasks/a%2F7%3F/?{version}"
    assert str(gateway.models_url) == f"https://a.example/api/models?{version}"
    assert dict(gateway.request_headers()) == {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Api-Key": "sk-1",
        "X-Org": "easel",
    }
    assert gateway.secrets == ("sk-1", "easel", "2026-10-01")
    assert gateway.poll == PollSettings(interval_s=5, budget_s=1800)
    assert gateway.error_kinds == {"1102": GatewayErrorKind.QUOTA}
    assert gateway.download == DownloadSettings(auth="same_origin", max_mb=9)
    assert gateway.download.max_bytes == 9_000_000
    assert (gateway.redirects, gateway.streaming) == ("none", "off")
    assert (gateway.asynchronous.mode, gateway.asynchronous.is_on) == ("query", True)
    assert [gateway.form_field(files) for files in (1, 2)] == ["image[]", "image[]"]
    ability = gateway.abilities["gpt-image-1"]
    assert (ability.max_n, ability.label) == (1, "GPT Image 1")
    assert ability.references is not None
    assert (ability.references.max_bytes, ability.references.max_count) == (25_000_000, 16)


def test_what_is_left_out_is_as_at_openai() -> None:
    """Two keys are enough for most gateways."""
    gateway = parse_gateways(ONE, {"g": "sk-1"})[0]
    assert str(gateway.url) == "https://a.example/v1/images/generations"
    assert str(gateway.edit_url) == "https://a.example/v1/images/edits"
    assert str(gateway.task_url("7")) == "https://a.example/v1/images/tasks/7"
    assert str(gateway.models_url) == "https://a.example/v1/models"
    assert gateway.request_headers()["Authorization"] == "Bearer sk-1"
    assert not gateway.asynchronous.is_on
    assert [gateway.form_field(files) for files in (1, 2)] == ["image", "image[]"]


def test_siblings_have_the_slash_of_the_generations() -> None:
    """A gateway that wants it wants it everywhere, unless its table says otherwise."""
    gateway = Gateway(
        name="g",
        base_url="http://a/v1",
        models=(),
        paths=PathSettings(generate="/v1/images/generations/"),
    )
    assert str(gateway.edit_url) == "http://a/v1/images/edits/"
    assert str(gateway.task_url("7")) == "http://a/v1/images/tasks/7/"


def test_a_task_may_be_asked_for_by_the_path() -> None:
    """Before the query that the path itself has."""
    gateway = Gateway(
        name="g",
        base_url="http://a",
        models=(),
        paths=PathSettings(generate="/v1/images/generations?v=1"),
        asynchronous=AsyncSettings(mode="path", path="/async"),
    )
    assert str(gateway.url) == "http://a/v1/images/generations/async?v=1"
    assert str(gateway.edit_url) == "http://a/v1/images/edits/async"


def test_a_gateway_without_a_key() -> None:
    """A key that is configured nevertheless is not sent."""
    gateway = parse_gateways(ONE + "auth = 'none'\nstream = 'sse'", {"g": "sk-1"})[0]
    assert gateway.auth == AuthSettings(header="")
    assert gateway.request_headers().keys() == {"Accept", "Accept-Encoding"}
    assert gateway.streaming == "sse"


def test_an_unknown_model_may_be_described_beside_its_gateway() -> None:
    """Easel's own file need not be changed."""
    table = "[gateways.g.abilities]\nm = { prompt_max = 99, auto = true, qualities = ['high'] }"
    ability = parse_gateways(ONE + table, {})[0].abilities["m"]
    assert (ability.name, ability.label, ability.prompt_max) == ("m", "m", 99)
    assert (ability.qualities, ability.styles) == (("high",), ())


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://a.example/v1", "https://a.example/v1/images/generations"),
        (" https://a.example ", "https://a.example/v1/images/generations"),
        ("http://a/v1/images/generations/", "http://a/v1/images/generations/"),
        ("http://a/x/v1/images/generations", "http://a/x/v1/images/generations"),
        ("http://a/v1/images/generations?v=1&w", "http://a/v1/images/generations?v=1"),
        ("https://ark.example/api/v3", "https://ark.example/api/v3/images/generations"),
        ("https://a/v1beta/openai/", "https://a/v1beta/openai/images/generations"),
        ("https://a/api/paas/v4", "https://a/api/paas/v4/images/generations"),
        ("https://a/v4.1", "https://a/v4.1/images/generations"),
        ("https://v2.a/vision", "https://v2.a/vision/v1/images/generations"),
        ("https://a/api/v3/images/generations/", "https://a/api/v3/images/generations/"),
    ],
)
def test_one_gateway_by_its_address(url: str, sent: str) -> None:
    """The whole address may be pasted from a document, with the slash that it needs."""
    gateway = single_gateway(url=url, key="sk-1", models=["m", "n"])
    assert str(gateway.url) == sent
    assert (gateway.key, gateway.models) == ("sk-1", ("m", "n"))


@pytest.mark.parametrize(
    ("url", "key", "named"),
    [
        ("example.com", "k", "IMAGE_API_URL"),
        ("https://a?v=1", "k", "IMAGE_API_URL"),
        ("https://<host>/v1/images/generations", "k", "IMAGE_API_URL"),
        ("https://a", "k\0", "IMAGE_API_KEY"),
    ],
)
def test_one_wrong_gateway(url: str, key: str, named: str) -> None:
    """The variable is named."""
    with pytest.raises(StartRefused, match=named):
        single_gateway(url=url, key=key, models=["m"])


def test_the_async_flag_in_the_one_url_asks_for_tasks_as_a_table_does() -> None:
    """Then every shape of a task is understood; polls do not carry the flag."""
    url = "https://a.example/v1/images/generations?async=true&v=2"
    gateway = single_gateway(url=url, key="sk-1", models=["m"])
    assert gateway.asynchronous.is_on
    assert dict(gateway.url.query) == {"async": "true", "v": "2"}
    assert "async" not in gateway.task_url("t").query
    off = single_gateway(url=url.replace("true", "false"), key="sk-1", models=["m"])
    assert not off.asynchronous.is_on
