"""Settings that depend on nothing of the environment."""

from bot.settings.settings import Settings


def settings_of(**values: object) -> Settings:
    """Return the defaults but for these values."""
    return Settings(_env_file=None, **values)  # type: ignore[call-arg, arg-type]  # as pydantic does
