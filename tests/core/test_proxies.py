"""The proxies of the environment: as curl and other programs understand the variables."""

import pytest
from yarl import URL

from bot.core.proxies import NO_PROXIES, Proxies

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("proxies", "url", "proxy"),
    [
        (Proxies.parse(http=PROXY), "http://a.example/x", PROXY),
        (Proxies.parse(http=PROXY), "https://a.example/x", None),
        (Proxies.parse(https="proxy.example:3128"), "https://a.example/x", PROXY),
        (Proxies.parse(both=PROXY), "https://a.example/x", PROXY),
        (Proxies.parse(both=PROXY, http="http://b:1"), "http://a.example/x", "http://b:1"),
        (Proxies.parse(), "http://a.example/x", None),
    ],
)
def test_the_scheme_of_the_url_chooses_the_proxy(
    proxies: Proxies, url: str, proxy: str | None
) -> None:
    """ALL_PROXY serves the scheme that has none of its own; http:// may be left out."""
    assert proxies.proxy_of(URL(url)) == (URL(proxy) if proxy else None)


@pytest.mark.parametrize(
    ("entry", "direct", "proxied"),
    [
        ("a.example", ["a.example", "www.a.example"], ["ba.example", "example"]),
        (".a.example", ["a.example", "www.a.example"], ["ba.example"]),
        ("*.A.example", ["www.a.example"], ["b.example"]),
        ("a.example:8080", ["a.example:8080"], ["a.example", "a.example:80"]),
        ("10.0.0.0/8", ["10.1.2.3"], ["11.1.2.3", "a.example"]),
        ("[fd00::1]:80,fd00::2", ["[fd00::1]", "[fd00::2]:5"], ["[fd00::1]:81"]),
        ("x, *", ["a.example"], []),
        (" , ./ nonsense/x", [], ["a.example"]),
    ],
)
def test_no_proxy_is_heeded(entry: str, direct: list[str], proxied: list[str]) -> None:
    """Containers beside the bot are unknown to a proxy of the company."""
    proxies = Proxies.parse(both=PROXY, direct=entry)
    for host in direct:
        assert proxies.proxy_of(URL(f"http://{host}/x")) is None, host
    for host in proxied:
        assert proxies.proxy_of(URL(f"http://{host}/x")) == URL(PROXY), host


@pytest.mark.parametrize("host", ["127.0.0.1:8188", "localhost", "comfy.localhost.", "[::1]:1"])
def test_this_machine_is_reached_directly(host: str) -> None:
    """A proxy would take its own machine for it; most programs do so, too."""
    assert Proxies.parse(both=PROXY).proxy_of(URL(f"http://{host}/x")) is None


def test_a_proxy_that_cannot_be_used_is_named() -> None:
    """SOCKS is often set beside the other two, where nobody needs it."""
    assert Proxies.parse(both="socks5://127.0.0.1:1080").unusable == ("ALL_PROXY",)
    assert Proxies.parse(http=PROXY, https=PROXY, both="socks5://127.0.0.1:1").unusable == ()
    assert Proxies.parse(http="http://[", https="https://").unusable == (
        "HTTP_PROXY",
        "HTTPS_PROXY",
    )
    assert Proxies.parse(both="socks5://h:1").proxy_of(URL("http://a.example")) is None


def test_a_password_is_never_shown() -> None:
    """A proxy's URL holds the operator's own account."""
    proxies = Proxies.parse(http="http://me:p%40ss-word@proxy.example:3128")
    assert set(proxies.secrets) == {"p%40ss-word", "p@ss-word"}
    assert "ss-word" not in repr(proxies)
    assert NO_PROXIES.secrets == ()
