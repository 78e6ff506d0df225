"""``python -m bot health``: ask the running bot whether it is ready, for containers and scripts."""

import http.client
from http import HTTPStatus

from bot.core.bot_process import announced
from bot.settings.cluster_settings import metrics_address, supervisor_folder
from bot.settings.settings import Settings

_MOST_S = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - it is not bound here


def run_health(settings: Settings) -> int:
    """Print a line of each process that is supervised here; return 0 if all are ready, else 1."""
    if settings.clusters == 1 or announced(supervisor_folder(settings)) is None:
        return _ask(settings, "")
    clusters = range(settings.clusters)
    processes = [settings.model_copy(update={"cluster": number}) for number in clusters]
    return max([_ask(one, f"cluster {one.cluster}: ") for one in processes])


def _ask(settings: Settings, who: str) -> int:
    address = metrics_address(settings)
    if address is None:
        print(
            f"{who}unknown: METRICS_ADDRESS is empty. Set it to a port such as 9464, and restart."
        )
        return 1
    host, port = address
    connection = http.client.HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=_MOST_S)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        said = " ".join(answer.read().decode(errors="replace").split())
    except (OSError, http.client.HTTPException) as error:
        print(f"{who}no answer at {host}:{port} ({error!r}): start the bot, or look at its log.")
        return 1
    finally:
        connection.close()
    print(f"{who}{said}")
    return 0 if answer.status == HTTPStatus.OK else 1
