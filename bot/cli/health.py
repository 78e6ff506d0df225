"""``python -m bot health``: ask the running bot whether it is ready, for containers and scripts."""

import http.client
import os
from http import HTTPStatus

from bot.core.bot_process import announced
from bot.settings.cluster_settings import metrics_address, process_folders, supervisor_folder
from bot.settings.settings import Settings

_MOST_S = 5.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - it is not bound here


def run_health(settings: Settings) -> int:
    """Print a line of each process of this machine; return 0 if all are ready, else 1."""
    numbers = _clusters_here(settings)
    if not numbers:
        return _ask(settings, "")
    processes = [settings.model_copy(update={"cluster": number}) for number in numbers]
    return max([_ask(one, f"cluster {one.cluster}: ") for one in processes])


def _clusters_here(settings: Settings) -> list[int]:
    """Return the clusters of this machine, none where the environment says which one is meant."""
    if settings.clusters == 1:
        return []
    if announced(supervisor_folder(settings)) is not None:
        return list(range(settings.clusters))
    if "CLUSTER" in os.environ:  # a container of one of them; it cannot see the others
        return []
    folders = enumerate(process_folders(settings))
    return [number for number, folder in folders if announced(folder) is not None]


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
