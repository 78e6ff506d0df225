"""``python -m bot health``: ask the running bot whether it is ready, for containers and scripts."""

import http.client
from http import HTTPStatus

from bot.settings.cluster_settings import metrics_address
from bot.settings.settings import Settings

_MOST_S = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - it is not bound here


def run_health(settings: Settings) -> int:
    """Print one line; return 0 if the bot is ready, else 1."""
    address = metrics_address(settings)
    if address is None:
        print("unknown: METRICS_ADDRESS is empty. Set it to a port such as 9464, and restart.")
        return 1
    host, port = address
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=_MOST_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = " ".join(answer.read().decode(errors="replace").split())
    except (OSError, http.client.HTTPException) as error:
        print(f"no answer at {host}:{port} ({error!r}): start the bot, or look at its log.")
        return 1
    finally:
        connection.close()
    print(said)
    return 0 if answer.status == HTTPStatus.OK else 1
