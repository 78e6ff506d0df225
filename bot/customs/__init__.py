"""What servers and people made their custom: settings, preferences, presets, house rules."""

from bot.customs.customs import Customs
from bot.customs.emoji import NotAnEmoji, SameEmoji, custom_emoji_id, is_unicode_emoji, same_emoji
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
from bot.customs.presets import LONGEST_NAME, NoSuchPreset, PresetsFull
from bot.customs.settings import (
    MODERATIONS,
    Controls,
    Moderation,
    NothingChosen,
    NotOnTheList,
    Preferences,
    Preset,
    ServerSettings,
    UnknownLanguage,
    allowing,
    removing,
)
from bot.customs.wish import Wish, Word, resolve

__all__ = [
    "LONGEST_NAME",
    "MODERATIONS",
    "ChannelNotAllowed",
    "Controls",
    "ControlsNotYours",
    "Customs",
    "ModelNotAllowed",
    "Moderation",
    "NoSuchPreset",
    "NotAnEmoji",
    "NotOnTheList",
    "NothingChosen",
    "Preferences",
    "Preset",
    "PresetsFull",
    "RoleNotAllowed",
    "SameEmoji",
    "ServerSettings",
    "UnknownLanguage",
    "Wish",
    "Word",
    "allowed_models",
    "allowing",
    "check_controls",
    "check_model",
    "check_place",
    "custom_emoji_id",
    "is_unicode_emoji",
    "removing",
    "resolve",
    "same_emoji",
]
