"""The playground's settings, which do not depend on the environment."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.core.errors.base import StartRefused
from bot.settings.settings import Settings
from playground.painter.chat import SEER
from playground.painter.responses import MASTER, MODEL

_TABLE = f"""\
# Written by the playground at each start: the embedded painter.
[gateways.painter]
base_url = "{{url}}"
models = ["{MODEL}", "{MASTER}"]
auth = "none"
stream = "sse"

[gateways.painter.abilities."{MODEL}"]
timeout_s = 120
usual_s = {{usual_s}}

[gateways.painter.abilities."{MASTER}"]
label = "Easel's master"
price = 0
credits = {{{{ low = 1, medium = 2, high = 4, default = 2 }}}}
qualities = ["low", "medium", "high"]
prompt_max = 4000
sizes = ["1024x1024", "1536x1024", "1024x1536"]
size_rule = {{{{ min_edge = 256, max_edge = 2048 }}}}
max_n = 4
partial_images = 2
seed = {{{{}}}}
negative = {{{{}}}}
strength = {{{{}}}}
timeout_s = 120
usual_s = {{usual_s}}

[gateways.painter.abilities."{MASTER}".references]
transport = "json_images_objects"
max_count = 5
max_bytes = 20_000_000
mask_max_bytes = 4_000_000
"""


# What a picture of 1024×1024 takes on two shared cores besides the latency: to paint, to make its
# previews, to keep and to post it.
PAINTING_S = 1.5


class GivenSettings(Settings):
    """Settings that come from code alone."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings' signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but what is given."""
        return (init_settings,)


def painter_settings(url: str, folder: Path) -> Settings:
    """Return settings that paint with the painter at ``url`` and keep everything in ``folder``."""
    return GivenSettings(
        image_api_url=url,
        image_api_key=SecretStr("the-painter-asks-for-none"),
        image_models=(MODEL,),
        text_model=SEER,
        database_url=f"sqlite:///{folder / 'easel.db'}",
        data_dir=folder,
    )


def with_streaming(settings: Settings, *, latency_s: float) -> Settings:
    """Return the painter's settings with previews: only a gateway's table can ask for them.

    Raises:
        StartRefused: the folder cannot be written.
    """
    table = _TABLE.format(url=settings.image_api_url, usual_s=latency_s + PAINTING_S)
    file = settings.data_dir / "painter.toml"  # not gateways.toml: the folder may contain one
    try:
        file.write_text(table, encoding="utf-8")
    except OSError:
        raise StartRefused(f"{file} cannot be written: name another folder.") from None
    single = {"image_api_url": "", "image_api_key": SecretStr(""), "image_models": ()}
    return settings.model_copy(update=single | {"gateways_file": file})


def isolated(settings: Settings, folder: Path) -> Settings:
    """Return an operator's settings with their data in ``folder`` and without the real Discord."""
    moved = {
        "discord_token": SecretStr(""),
        "dev_guild_id": None,
        "allowed_servers": (),
        "database_url": f"sqlite:///{folder / 'easel.db'}",
        "data_dir": folder,
        "shutdown_grace": 0,
    }
    return settings.model_copy(update=moved)
