import pytest

from bot.gateways.addresses import AddressTrust, exact_url, parse_network

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",  # noqa: S104 - a target, not a bind
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:0:808:808:0:0:80ff:fffe",  # a public server, and a client at 127.0.0.1
    "2001:20::1",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "127.1",
    "localhost",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    """Loopback, networks, metadata services, and every detour to them."""
    assert not AddressTrust().allows(address)


PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2606:4700::1111",
    "64:ff9b::808:808",  # as NAT64 shows 8.8.8.8 to a machine without IPv4
    "2002:808:808::1",
    "::ffff:8.8.8.8",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    """Public addresses, and public ones that a translator leads to."""
    assert AddressTrust().allows(address)


TRUST = AddressTrust({("minio", 9000)}, tuple(map(parse_network, ("198.18.0.0/15", "fd00::/8"))))


@pytest.mark.parametrize("address", ["198.18.0.7", "198.19.255.1", "fd00::7", "::ffff:198.18.0.7"])
def test_the_operator_s_networks_may_be_connected_to(address: str) -> None:
    """Behind a fake-ip resolver every name leads to 198.18.0.0/15."""
    assert TRUST.allows(address)
    assert not AddressTrust().allows(address)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "fe80::1", "64:ff9b::7f00:1", "x"])
def test_other_private_addresses_stay_refused(address: str) -> None:
    """A trusted network is no trust in everything."""
    assert not TRUST.allows(address)


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("http://h/a%2Fb?sig=a%2Fb%3D%3D&x=%7E%27", "http://h/a%2Fb?sig=a%2Fb%3D%3D&x=%7E%27"),
        ("http://h/a b?q=é", "http://h/a%20b?q=%C3%A9"),
        ("http://h/a%zz?x=100%", "http://h/a%zz?x=100%"),
        ("http://h/1\r\nX: y", "http://h/1X:%20y"),
        ("HTTP://Bücher.example/x#top", "http://xn--bcher-kva.example/x"),
        ("//h:9/x?%7E", "//h:9/x?%7E"),
        ("../x?%7E", "../x?%7E"),
        ("http://h?x=%7E", "http://h/?x=%7E"),
    ],
)
def test_a_url_is_sent_as_it_was_written(text: str, sent: str) -> None:
    """Only what no request may hold is encoded; what is stored is read back as the same."""
    assert str(exact_url(text)) == sent
    assert exact_url(sent) == exact_url(text)


@pytest.mark.parametrize("text", ["http://[", "http://h:x/", "http://"])
def test_what_is_no_url(text: str) -> None:
    """Gateways send anything."""
    with pytest.raises(ValueError, match=r".+"):
        exact_url(text).origin()
