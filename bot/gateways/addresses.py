"""Web addresses: exactly as they were written, and which of them the bot may connect to."""

import string
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import quote, urlsplit

from yarl import URL

_GLOBAL_V6 = IPv6Network("2000::/3")
# Inside 2000::/3, but not public: documentation, and special purposes.
_NON_PUBLIC_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32")))
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
# Global by Python's tables, but used inside clouds: Oracle's metadata and Azure's wire server.
_CLOUD_V4 = tuple(map(IPv4Network, ("192.0.0.0/24", "168.63.129.16/32")))

TrustedHosts = Collection[tuple[str, int | None]]
IpNetwork = IPv4Network | IPv6Network
_IpAddress = IPv4Address | IPv6Address


def exact_url(text: str) -> URL:
    """Parse a URL whose path and query are sent as they were written.

    Only what no request may hold is encoded: white space, control characters, other alphabets. A
    store that signs the written form refuses any other spelling (CloudFront, signed URLs).

    Raises:
        ValueError: it is no URL.
    """
    parsed, written = URL(text), urlsplit(text)
    return URL.build(
        scheme=parsed.scheme,
        authority=parsed.raw_authority,
        path=_sendable(written.path),
        query_string=_sendable(written.query),
        encoded=True,
    )


def _sendable(part: str) -> str:
    return quote(part, safe=string.punctuation, errors="surrogateescape")


def _parsed(address: str) -> _IpAddress | None:
    try:
        return ip_address(address)
    except ValueError:
        return None


def _is_public(ip: _IpAddress) -> bool:
    """Tell whether an address, or each one that it leads to, is on the public internet."""
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not _is_in(ip, _CLOUD_V4)
    if inner := tuple(_inner_addresses(ip)):
        return all(map(_is_public, inner))
    return ip in _GLOBAL_V6 and not _is_in(ip, _NON_PUBLIC_V6)


def _inner_addresses(ip: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that packets to this address are sent to by a translator."""
    if inner := ip.ipv4_mapped or ip.sixtofour:
        yield inner
    elif ip.teredo:
        yield from ip.teredo  # its server, and the client behind it
    elif ip in _NAT64:
        yield IPv4Address(int(ip) & 0xFFFF_FFFF)


def _is_in(ip: _IpAddress, networks: Collection[IpNetwork]) -> bool:
    return any(ip in network for network in networks)


def parse_network(text: str) -> IpNetwork:
    """Parse a network such as ``198.18.0.0/15``; raise ValueError for anything else."""
    return ip_network(text.strip(), strict=False)


@dataclass(frozen=True, slots=True)
class AddressTrust:
    """The hosts and networks to which the operator lets downloads connect, besides public ones."""

    hosts: TrustedHosts = ()
    networks: Collection[IpNetwork] = ()

    def trusts(self, host: str, port: int | None) -> bool:
        """Tell whether a host may have any address."""
        return (host, port) in self.hosts or (host, None) in self.hosts

    def allows(self, address: str) -> bool:
        """Tell whether an IP address may be connected to, whatever its name."""
        ip = _parsed(address)
        if ip is None:
            return False
        leads_to = (ip, *(_inner_addresses(ip) if isinstance(ip, IPv6Address) else ()))
        return _is_public(ip) or any(_is_in(one, self.networks) for one in leads_to)
