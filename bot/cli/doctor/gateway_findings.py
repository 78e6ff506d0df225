"""Findings about gateways: one sentence for every outcome of a probe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.cli.doctor.finding import Finding, Sign, listing
from bot.gateways.gateway import Gateway
from bot.gateways.probe import ProbeOutcome, ProbeResult

_FINE, _WARNING, _WRONG = Sign.FINE, Sign.WARNING, Sign.WRONG


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the settings of one gateway, as its operator wrote them."""

    url: str
    key: str
    models: str
    path: str

    @classmethod
    def of(cls, gateway: Gateway, *, in_file: bool) -> "Names":
        """Return the names of variables in ``.env``, or of keys in GATEWAYS_FILE."""
        if not in_file:
            path = "IMAGE_API_URL, written as the whole address …/v1/images/generations,"
            return cls("IMAGE_API_URL", "IMAGE_API_KEY", "IMAGE_MODELS", path)
        table = f"[gateways.{gateway.name}]"
        variable = gateway.name.replace("-", "_").upper()
        return cls(
            url=f"base_url of {table}",
            key=f"GATEWAYS__{variable}__API_KEY",
            models=f"models of {table}",
            path=f"paths.generate of {table}",
        )


# outcome: (sign, facts, fix), filled in with what the probe and the names hold
_SENTENCES: dict[ProbeOutcome, tuple[Sign, str, str]] = {
    ProbeOutcome.NO_LIST: (
        _WARNING,
        "answers, but offers no list of models (HTTP {status})",
        "Many gateways have none: if no picture comes, check {url}.",
    ),
    ProbeOutcome.NONE_EXPECTED: (
        _FINE,
        "answers (HTTP {status}); by its table it has no list of models, so the first picture "
        "will show whether key and models are right",
        "",
    ),
    ProbeOutcome.LIST_TOO_LONG: (
        _WARNING,
        "answers, but with a longer list than can be read (HTTP {status})",
        "If no picture comes, check {url} and {models}.",
    ),
    ProbeOutcome.KEY_REFUSED: (
        _WRONG,
        "refuses the key (HTTP {status})",
        "Copy the key from your gateway into {key}.",
    ),
    ProbeOutcome.NO_CREDIT: (
        _WRONG,
        "says that its account has no money left (HTTP {status})",
        "Top up the account at the gateway, or set another key in {key}.",
    ),
    ProbeOutcome.BUSY: (
        _WARNING,
        "is busy (HTTP {status})",
        "Wait a minute, then run the doctor again.",
    ),
    ProbeOutcome.REFUSED: (
        _WRONG,
        "refuses to list its models (HTTP {status})",
        "Check {url} and {key} against the gateway's documentation.",
    ),
    ProbeOutcome.BROKEN: (
        _WRONG,
        "has an internal error (HTTP {status})",
        "Try again later; if it keeps happening, check {url} or ask the gateway's operator.",
    ),
    ProbeOutcome.WEB_PAGE: (
        _WRONG,
        "sends HTML instead of JSON (HTTP {status}): is /v1 missing?",
        "Set {url} to the address of the API, usually ending in /v1, not of the website; "
        "if it is correct, a firewall may be in the way.",
    ),
    ProbeOutcome.NOT_JSON: (
        _WRONG,
        "answers, but not in JSON (HTTP {status})",
        "Set {url} to the address of an OpenAI-compatible API, usually ending in /v1.",
    ),
    ProbeOutcome.ADD_SLASH: (
        _WRONG,
        "redirects to the same address with a trailing slash (HTTP {status})",
        "Add the trailing slash: {path} must end in a slash.",
    ),
    ProbeOutcome.DROP_SLASH: (
        _WRONG,
        "redirects to the same address without the trailing slash (HTTP {status})",
        "Remove the trailing slash: {path} must not end in a slash.",
    ),
    ProbeOutcome.USE_HTTPS: (
        _WRONG,
        "redirects from http to https (HTTP {status})",
        "Write https:// instead of http:// in {url}.",
    ),
    ProbeOutcome.ELSEWHERE: (
        _WRONG,
        "redirects elsewhere (HTTP {status}{to})",
        "Set {url} to the address of the API itself: a request for a picture is never forwarded.",
    ),
    ProbeOutcome.NO_ADDRESS: (
        _WRONG,
        "has a host name that cannot be resolved",
        "Check the spelling of the host in {url}, and this machine's DNS.",
    ),
    ProbeOutcome.NO_CONNECTION: (
        _WRONG,
        "cannot be reached: nothing accepts the connection",
        "Check host and port in {url}, and that the gateway is running; inside a container, "
        "localhost is the container itself.",
    ),
    ProbeOutcome.NO_PROXY: (
        _WRONG,
        "cannot be reached: the proxy does not answer, or refuses to connect",
        "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, or add the host of {url} to NO_PROXY.",
    ),
    ProbeOutcome.NOT_TRUSTED: (
        _WRONG,
        "has a certificate that this machine does not trust",
        "Check the host in {url}, this machine's clock and its CA certificates.",
    ),
    ProbeOutcome.NO_TLS: (
        _WRONG,
        "does not speak https",
        "Check the port in {url}, or write http:// if the gateway is on your own network.",
    ),
    ProbeOutcome.SILENT: (
        _WRONG,
        "does not answer in time",
        "Check host and port in {url}, and firewalls on the way.",
    ),
    ProbeOutcome.CUT_OFF: (
        _WRONG,
        "closes the connection before it has replied",
        "Check {url}: a port for https closes connections that use http.",
    ),
}
# A POST follows these, at the price of a second trip.
_FORWARDED = (307, 308)


def describe_probe(probe: ProbeResult, names: Names) -> Finding:
    """Return the finding for the result of a probe."""
    check = f"gateway {probe.gateway}"
    if probe.outcome is ProbeOutcome.LISTED:
        return _listed(check, probe, names)
    sign, facts, fix = _SENTENCES[probe.outcome]
    if probe.status in _FORWARDED and probe.outcome in (
        ProbeOutcome.ADD_SLASH,
        ProbeOutcome.DROP_SLASH,
    ):
        sign = Sign.WARNING
    to = f", to {probe.target}" if probe.target else ""
    facts = facts.format(status=probe.status, to=to)
    if probe.detail:
        facts += f", in its words: {probe.detail}"
    named = {"url": names.url, "key": names.key, "models": names.models, "path": names.path}
    return Finding(sign, check, facts, fix.format(**named))


def describe_text_model(
    model: str, gateway: str, probes: Sequence[ProbeResult]
) -> Iterator[Finding]:
    """Tell whether the gateway of TEXT_MODEL lists it: many list nothing, which tells nothing.

    ``gateway`` is empty for the first one.
    """
    probe = next((one for one in probes if gateway in {"", one.gateway}), None)
    if not model or probe is None or not probe.models:
        return
    if model in probe.models:
        yield Finding(Sign.FINE, "chat model", f"the gateway {probe.gateway} lists {model}")
        return
    alike = get_close_matches(model, probe.models)
    hint = f" (it lists {listing(alike)})" if alike else ""
    fix = f"Check the spelling in TEXT_MODEL{hint}, and TEXT_GATEWAY."
    yield Finding(_WARNING, "chat model", f"the gateway {probe.gateway} does not list {model}", fix)


def _listed(check: str, probe: ProbeResult, names: Names) -> Finding:
    models = probe.models or ()
    if not probe.missing:
        return Finding(Sign.FINE, check, f"offers {len(models)} models, yours among them")
    facts = f"does not list {listing(probe.missing)}"
    alike = [name for one in probe.missing for name in get_close_matches(one, models)]
    hint = f" (it lists {listing(list(dict.fromkeys(alike)))})" if alike else ""
    fix = f"Check the spelling in {names.models}{hint}, and what your key may use."
    return Finding(Sign.WARNING, check, facts, fix)
