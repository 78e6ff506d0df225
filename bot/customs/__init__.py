"""What servers and people made their custom: settings, preferences, presets, house rules."""

from bot.customs.customs import Customs
from bot.customs.emoji import NotAnEmoji, SameEmoji, same_emoji
from bot.customs.house_rules import (
    ChannelNotAllowed,
    ControlsNotYours,
    ModelNotAllowed,
    RoleNotAllowed,
    allowed_models,
    check_controls,
    check_model,
    check_place,
)
from bot.customs.presets import NoSuchPreset, PresetsFull
from bot.customs.settings import Preferences, Preset, ServerSettings
from bot.customs.wish import Wish, Word, resolve

__all__ = [
    "ChannelNotAllowed",
    "ControlsNotYours",
    "Customs",
    "ModelNotAllowed",
    "NoSuchPreset",
    "NotAnEmoji",
    "Preferences",
    "Preset",
    "PresetsFull",
    "RoleNotAllowed",
    "SameEmoji",
    "ServerSettings",
    "Wish",
    "Word",
    "allowed_models",
    "check_controls",
    "check_model",
    "check_place",
    "resolve",
    "same_emoji",
]
