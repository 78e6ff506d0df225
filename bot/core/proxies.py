"""The proxies of the environment: which requests go through one, and through which."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from yarl import URL

_HOST_AND_PORT = re.compile(r"(?P<host>\[.*\]|[^:]*)(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """What HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say.

    ``direct`` are the entries of NO_PROXY. ``are_trusted``: the operator says that they refuse
    private addresses themselves. ``unusable`` names variables whose proxy cannot be used.
    """

    http: URL | None = field(default=None, repr=False)  # it may contain a password
    https: URL | None = field(default=None, repr=False)
    direct: tuple[str, ...] = ()
    are_trusted: bool = False
    unusable: tuple[str, ...] = ()

    @classmethod
    def parse(
        cls,
        *,
        http: str = "",
        https: str = "",
        both: str = "",
        direct: str = "",
        are_trusted: bool = False,
    ) -> "Proxies":
        """Return the proxies of the variables' values; ``both`` is ALL_PROXY."""
        chosen = {"HTTP_PROXY": http, "HTTPS_PROXY": https}
        named = {name: (name, own) if own else ("ALL_PROXY", both) for name, own in chosen.items()}
        usable = {name: _proxy_url(text) for name, (_, text) in named.items()}
        unusable = (source for name, (source, text) in named.items() if text and not usable[name])
        return cls(
            http=usable["HTTP_PROXY"],
            https=usable["HTTPS_PROXY"],
            direct=tuple(entry.casefold() for entry in re.split(r"[\s,]+", direct) if entry),
            are_trusted=are_trusted,
            unusable=tuple(dict.fromkeys(unusable)),
        )

    def proxy_of(self, url: URL) -> URL | None:
        """Return the proxy for a URL; None if it is requested directly, as this machine always is.

        Userinfo in the proxy's URL is sent to the proxy only.
        """
        proxy = {"http": self.http, "https": self.https}.get(url.scheme)
        host = (url.raw_host or "").rstrip(".")
        if proxy is None or _is_this_machine(host):
            return None
        is_direct = any(_matches(entry, host, url.port) for entry in self.direct)
        return None if is_direct else proxy

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the passwords, as they are written and as they are meant."""
        found = (url for url in (self.http, self.https) if url is not None)
        return tuple({word for url in found for word in (url.raw_password, url.password) if word})


NO_PROXIES = Proxies()


def _proxy_url(text: str) -> URL | None:
    """Return a proxy that can be used: with http or https, not SOCKS."""
    text = text.strip()
    try:
        url = URL(text if "://" in text else f"http://{text}")
        is_usable = url.scheme in ("http", "https") and bool(url.host and url.port)
    except ValueError:
        return None
    return url if is_usable else None


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Tell whether NO_PROXY's entry, ``*``, a domain, ``host:port`` or a network, is of a host."""
    if entry == "*":
        return True
    if "/" in entry:
        return _is_in_network(entry, host)
    parts = _HOST_AND_PORT.fullmatch(entry)
    if parts and parts["port"] and int(parts["port"]) != port:
        return False
    entry = parts["host"] if parts else entry  # a bare IPv6 address has colons of its own
    domain = entry.strip("[]").removeprefix("*").lstrip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _is_in_network(entry: str, host: str) -> bool:
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        return False
