"""The playground's settings, which do not depend on the environment."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.core.errors.base import StartRefused
from bot.settings.settings import Settings
from playground.gateway_table import gateway_table
from playground.painter.chat import SEER
from playground.painter.responses import MODEL

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
    """Return the painter's settings with previews, chat and buttons: a gateway's table has them.

    Raises:
        StartRefused: the folder cannot be written.
    """
    table = gateway_table(settings.image_api_url, usual_s=latency_s + PAINTING_S)
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
