"""How to mend each setting, and which variables are probably misspelt settings."""

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches

from dotenv import dotenv_values

FIXES = {
    "DISCORD_TOKEN": "copy the token from your application's Bot page",
    "IMAGE_API_URL": "set it like https://api.openai.com/v1",
    "IMAGE_API_KEY": "copy the key from your gateway",
    "IMAGE_MODELS": "set it like gpt-image-2,dall-e-3; the first is the default",
    "GATEWAYS_FILE": "set it to the path of a gateways.toml, or leave it empty",
    "GATEWAYS": "set one GATEWAYS__NAME__API_KEY for each gateway of GATEWAYS_FILE",
    "DOWNLOAD_HOSTS": "list hosts like minio or 10.1.2.3:9000, without http://, and with commas",
    "DOWNLOAD_NETWORKS": "list networks like 198.18.0.0/15, separated by commas",
    "DOWNLOAD_PROXY_TRUSTED": "set it to true or false",
    "HTTP_PROXY": "set it like http://proxy.example.com:3128, or leave it empty",
    "HTTPS_PROXY": "set it like http://proxy.example.com:3128, or leave it empty",
    "ALL_PROXY": "set it like http://proxy.example.com:3128, or leave it empty",
    "NO_PROXY": "list hosts like minio,.example.com, or leave it empty",
    "DATABASE_URL": "set it like sqlite:////srv/easel.db or postgresql://easel@db/easel; leave "
    "it empty for easel.db in DATA_DIR",
    "DATABASE_CONNECTIONS": "set it to a whole number from 1 to 100",
    "CONTENT_STORE_URL": "set it like /srv/easel/pictures or s3://bucket/easel; leave it empty for "
    "a folder in DATA_DIR",
    "AWS_ACCESS_KEY_ID": "set it to the id of a key for the bucket, or leave it empty",
    "AWS_SECRET_ACCESS_KEY": "set it to the secret of AWS_ACCESS_KEY_ID, or leave it empty",
    "AWS_SESSION_TOKEN": "set it to the token of a temporary key, or leave it empty",
    "AWS_REGION": "set it to the region of the bucket, or leave it empty",
    "AWS_ENDPOINT_URL": "set it like http://127.0.0.1:9000, or leave it empty for Amazon's",
    "USER_TAGS_KEY": "set it to the content of user-tags.key as 64 letters from 0 to f, "
    "or leave it empty for that file",
    "SHARD_COUNT": "set it to a whole number of shards; 0 asks Discord",
    "CLUSTERS": "set it to a whole number from 1 to 10000",
    "CLUSTER": "set it to a whole number from 0, below CLUSTERS",
    "DISCORD_API_URL": "set it like http://127.0.0.1:8080/api/v10, or leave it empty",
    "DATA_DIR": "set it to a folder that the bot can write, like data",
    "DEFAULT_QUOTA": "set it like 20/day or 5/hour, 20/day; leave it empty for no limit",
    "SERVER_QUOTA": "set it like 500/month; leave it empty for no limit",
    "TOTAL_QUOTA": "set it like 1000/month; leave it empty for no limit",
    "OPERATOR_BUDGET": "set it like 50/month or 5/day, 50/month; leave it empty for no budget",
    "TEXT_MODEL": "set it to the name of a chat model, or leave it empty",
    "TEXT_GATEWAY": "set it to the name of a gateway in GATEWAYS_FILE, or leave it empty",
    "TEXT_PRICE": "set it to what one request costs you, like 0.002; 0 if it is free",
    "TEXT_CREDITS": "set it to a whole number of credits, 0 or more",
    "TEXT_REQUESTS_PER_MINUTE": "set it to a whole number from 1 to 1000",
    "TEXT_BODY": 'set it to a JSON object like {"temperature": 0.5}, or leave it empty',
    "ALLOWED_SERVERS": "list server ids, separated by commas; leave it empty to allow every server",
    "ALLOW_DIRECT_MESSAGES": "set it to true or false",
    "ALLOW_USER_INSTALL": "set it to true or false",
    "HELP_URL": "set it like https://example.com/help, or leave it empty",
    "PRIVACY_URL": "set it like https://example.com/privacy, or leave it empty",
    "MAX_CONCURRENT_JOBS": "set it to a whole number from 1 to 1000",
    "MAX_RUNNING_PER_USER": "set it to a whole number from 1 to 1000",
    "MAX_WAITING_PER_USER": "set it to a whole number from 1 to 1000",
    "MAX_QUEUED_JOBS": "set it to a whole number from 1 to 10000",
    "MAX_DOUBTFUL_PER_DAY": "set it to a whole number from 0 to 1000",
    "MAX_QUEUE_AGE": "set it to a whole number of seconds from 0 to 604800",
    "MAX_REQUESTS_PER_MINUTE": "set it to a whole number from 1 to 1000",
    "MODERATION_FILE": "set it to the path of a file of words, or leave it empty",
    "ALLOW_AGE_RESTRICTED_IN_DMS": "set it to true or false",
    "RETENTION_DAYS": "set it to a whole number of days from 1 to 3650",
    "KEEP_JOBS_DAYS": "set it to a whole number of days from 90 to 3650, not below RETENTION_DAYS",
    "FORGET_DELETED": "set it to true or false",
    "BACKUP_EVERY": "set it like 24h, 30m or 7d; leave it empty for no backups",
    "BACKUP_KEEP": "set it to a whole number from 1 to 1000, for at most 90 days of BACKUP_EVERY",
    "TRACES_URL": "set it like http://localhost:4318/v1/traces, or leave it empty",
    "METRICS_ADDRESS": "set it to a port like 9464, or to an address like 0.0.0.0:9464",
    "MAX_DISK": "set it like 5GB or 500MB",
    "SHUTDOWN_GRACE": "set it to a whole number of seconds from 0 to 3600",
    "LOG_LEVEL": "set it to DEBUG, INFO, WARNING or ERROR",
    "LOG_FORMAT": "set it to console or json",
    "DEV_GUILD_ID": "set it to the id of your test server, or leave it empty",
}


_PROXY_VARIABLES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
_S3_VARIABLES = frozenset(name for name in FIXES if name.startswith("AWS_"))
_EASEL_NAMES = sorted(FIXES.keys() - _PROXY_VARIABLES - _S3_VARIABLES)
_PREFIXES = (*{f"{name.partition('_')[0]}_" for name in _EASEL_NAMES}, "GATEWAY_")
_ALIKE_IN_FILE = 0.7  # everything in .env is meant for Easel, or for what runs it
_ALIKE_IN_ENVIRONMENT = 0.8  # other programs have settings of their own there
_NEARLY_A_KEY = re.compile(r"GATEWAYS?_+(?P<name>[A-Z0-9_]+?)_+API_?KEY")


def misspelt_variables() -> dict[str, str]:
    """Return the names that are probably misspelt, each with the name of the setting meant.

    They are those of ``.env``, and those of the environment that begin as settings do.
    """
    in_file = _names_in_file()
    ours = [name for name in os.environ if name.upper().startswith(_PREFIXES)]
    meant = {name: _setting_meant(name, _ALIKE_IN_ENVIRONMENT) for name in ours}
    meant |= {name: _setting_meant(name, _ALIKE_IN_FILE) for name in in_file}
    return {name: setting for name, setting in meant.items() if setting}


def _names_in_file() -> Iterable[str]:
    try:
        return dotenv_values(".env", encoding="utf-8-sig", interpolate=False)
    except UnicodeDecodeError:  # which whoever reads the settings says
        return ()


def _setting_meant(name: str, alike: float) -> str:
    name = name.upper()
    if name in FIXES or name.startswith("GATEWAYS__"):  # others of these stop the start
        return ""
    if key := _NEARLY_A_KEY.fullmatch(name):
        return f"GATEWAYS__{key['name']}__API_KEY"
    return next(iter(get_close_matches(name, _EASEL_NAMES, n=1, cutoff=alike)), "")
