"""Ports for programs that cannot choose one themselves."""

import itertools
import os
import socket

# Below those that the system gives to connections (ip(7), ip_local_port_range), so that none of
# these takes one in the moment before it is used; each process of the tests begins elsewhere.
_FIRST, _COUNT = 21_000, 8_000
_offsets = itertools.count(os.getpid() * 61)


def free_port() -> int:
    """Return a port of loopback where nobody listens, another one with each call."""
    while True:
        port = _FIRST + next(_offsets) % _COUNT
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def free_ports(count: int) -> int:
    """Return the first of so many ports in a row."""
    ports = [free_port() for _ in range(count)]
    while ports != list(range(ports[0], ports[0] + count)):
        ports = [*ports[1:], free_port()]
    return ports[0]
