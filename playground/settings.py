"""The playground's settings: made here, whatever the environment says."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.errors import StartRefused
from bot.settings import Settings

MODEL = "easel-painter"

_TABLE = f"""\
# Written by the playground at each start: the painter inside.
[gateways.painter]
base_url = "{{url}}"
models = ["{MODEL}"]
auth = "none"
stream = "sse"
"""


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
        database_url=f"sqlite:///{folder / 'easel.db'}",
        data_dir=folder,
    )


def streaming(settings: Settings) -> Settings:
    """Return the painter's settings with previews: only a gateway's table can ask for them.

    Raises:
        StartRefused: the folder cannot be written.
    """
    # The folder may be somebody's own, with a gateways.toml in it.
    file, table = settings.data_dir / "painter.toml", _TABLE.format(url=settings.image_api_url)
    try:
        file.write_text(table, encoding="utf-8")
    except OSError:
        raise StartRefused(f"{file} cannot be written: name another folder.") from None
    single = {"image_api_url": "", "image_api_key": SecretStr(""), "image_models": ()}
    return settings.model_copy(update=single | {"gateways_file": file})


def at_home(settings: Settings, folder: Path) -> Settings:
    """Return an operator's settings, moved into ``folder`` and away from the real Discord."""
    moved = {
        "discord_token": SecretStr(""),
        "dev_guild_id": None,
        "allowed_servers": (),
        "database_url": f"sqlite:///{folder / 'easel.db'}",
        "data_dir": folder,
        "shutdown_grace": 0,
    }
    return settings.model_copy(update=moved)
