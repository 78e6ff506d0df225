"""What the settings say of several processes that share the shards."""

from collections.abc import Iterator
from pathlib import Path

from bot.core.errors.base import StartRefused
from bot.core.sharding import Cluster
from bot.settings.fixes import FIXES
from bot.settings.settings import Settings, lock_folders

_API_PATH = "/api/v10"


def cluster_of(settings: Settings) -> Cluster:
    """Return which of the processes this one is.

    Raises:
        StartRefused: the settings fit no number of processes, or not this database.
    """
    if problems := list(_problems(settings)):
        raise StartRefused(*problems)
    return Cluster(settings.cluster, settings.clusters, settings.shard_count)


def _problems(settings: Settings) -> Iterator[str]:
    if settings.discord_api_url and not settings.discord_api_url.rstrip("/").endswith(_API_PATH):
        yield f"DISCORD_API_URL does not end with {_API_PATH}: {FIXES['DISCORD_API_URL']}."
    if settings.cluster >= settings.clusters:
        yield (
            f"CLUSTER={settings.cluster} is none of CLUSTERS={settings.clusters}, which begin with "
            f"0: set it to a number below {settings.clusters}, or set CLUSTERS higher."
        )
    if settings.clusters == 1:
        return
    if not settings.shard_count:
        yield (
            f"CLUSTERS={settings.clusters} needs SHARD_COUNT, the same in every process: set it to "
            "one shard for each 1,000 servers, or more."
        )
    elif settings.clusters > settings.shard_count:
        yield (
            f"CLUSTERS={settings.clusters} are more processes than SHARD_COUNT="
            f"{settings.shard_count} has shards: lower CLUSTERS, or raise SHARD_COUNT."
        )
    if not settings.has_server:
        yield (
            f"CLUSTERS={settings.clusters} needs PostgreSQL, as only one bot may use an SQLite "
            "database: set DATABASE_URL=postgresql://…, or CLUSTERS=1."
        )


def api_base(settings: Settings) -> str:
    """Return where Discord's API is, empty for Discord itself."""
    return settings.discord_api_url.rstrip("/")


def process_folder(settings: Settings) -> Path:
    """Return the folder in which other commands find this process; raises as ``lock_folders``."""
    if not settings.has_server:
        return lock_folders(settings).beside_database
    return process_folders(settings)[settings.cluster]


def process_folders(settings: Settings) -> list[Path]:
    """Return the folders of all clusters that may share this machine's DATA_DIR."""
    return [_run_folder(settings) / f"cluster-{number}" for number in range(settings.clusters)]


def supervisor_folder(settings: Settings) -> Path:
    """Return the folder in which other commands find what supervises the processes here."""
    return _run_folder(settings) / "supervisor"


def _run_folder(settings: Settings) -> Path:
    return settings.data_dir / "run"


def metrics_address(settings: Settings) -> tuple[str, int] | None:
    """Return where this process serves metrics: each cluster at a port of its own.

    Port 0 stays any free one.
    """
    if settings.metrics_address is None or settings.metrics_address[1] == 0:
        return settings.metrics_address
    host, port = settings.metrics_address
    return host, port + settings.cluster
