"""PgBouncer in front of a test's server, as some hosts put it there."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.database.postgresql_server import NOBODY, Server
from tests.free_ports import free_port

_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server} user=easel
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = {mode}
unix_socket_dir =
{more}
"""


def pgbouncer() -> str | None:
    """Return the program, None where it is not installed."""
    return shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")


@contextmanager
def pooling_proxy(server: Server, mode: str, *, more: str = "") -> Iterator[int]:
    """Run it, and yield its port."""
    program, port = pgbouncer(), free_port()
    assert program is not None
    user = NOBODY if os.getuid() == 0 else None  # it does not run as root
    file = server.folder / f"pgbouncer-{port}.ini"  # that user may read this folder
    file.write_text(_SETTINGS.format(server=server.port, port=port, mode=mode, more=more))
    file.chmod(0o644)
    process = subprocess.Popen([program, file], user=user, group=user, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            assert process.poll() is None, "PgBouncer has ended"
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.02)  # it says in no other way that it is ready
        yield port
    finally:
        process.kill()
        process.wait(30)
