"""The embeds of /help, and the greeting in a server that added the bot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import discord
from discord.app_commands import Choice

from bot.core.errors.base import Refusal
from bot.core.i18n.escaping import cut, width
from bot.core.i18n.texts import Texts
from bot.core.operations import COMMAND_OPERATIONS
from bot.discord_ui.autocomplete import Choices
from bot.discord_ui.embed_style import (
    COLOURS,
    FACT_SEPARATOR,
    LONGEST_DISPLAY_NAME,
    LONGEST_FIELD,
    plain_line,
)
from bot.discord_ui.quota_embeds import LONGEST_REASON, MemberStatus, UsageRow
from bot.jobs.repository.text_requests import TextKind

TOPICS = ("painting", "options", "references", "results", "credits", "presets", "privacy")
SETUP_TOPIC = "setup"
"""For members who may manage the server."""

MOST_MODELS = 12
MOST_LIMITS = 4
_ROOM_FOR_MORE = 60
_LONGEST_SERVER_NAME = 100

CommandFacts = Mapping[str, str]
"""The mentions of commands, as facts of a text."""


@dataclass(eq=False, kw_only=True)
class UnknownHelpTopic(Refusal):
    """There is no help about that topic for this person; ``allowed`` is a comma list."""

    topic: str
    allowed: str
    message_id = "error-unknown-help-topic"


@dataclass(frozen=True, slots=True)
class ModelCost:
    """A model that may be used, and the credits of one picture."""

    name: str
    credits: int


@dataclass(frozen=True, slots=True)
class HelpLinks:
    """The operator's pages; empty where there is none."""

    help_url: str = ""
    privacy_url: str = ""


@dataclass(frozen=True, slots=True)
class PersonalHelp:
    """What a person may do where they ask; ``hindrance`` is why they may not paint there."""

    models: Sequence[ModelCost]
    limits: Sequence[UsageRow]
    status: MemberStatus
    hindrance: Refusal | None = None


class HelpEmbeds:
    """Builds the pages of /help and the greeting."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    # --- /help --------------------------------------------------------------------------------

    def overview(
        self, found: PersonalHelp, links: HelpLinks, commands: CommandFacts, locale: str
    ) -> discord.Embed:
        """Show what a person may do: commands, models with their cost, limits and links."""
        say = self._texts.say
        lines = [say("help-begin", locale, **commands)]
        if found.hindrance is not None:
            lines.insert(0, f"⚠️ {self._texts.sentence(found.hindrance, locale)}\n")
        embed = discord.Embed(
            colour=COLOURS["painting"],
            title=say("help-title", locale),
            description="\n".join(lines),
        )
        topics = self._topic_names(TOPICS, locale)
        for name, value in (
            ("help-models-title", self._models(found.models, locale)),
            ("help-limits-title", self._limits(found, locale)),
            ("help-topics-title", say("help-topics", locale, topics=topics, **commands)),
            ("help-links-title", self._links(links, locale)),
        ):
            if value:
                embed.add_field(name=say(name, locale), value=value, inline=False)
        return embed

    def topic(
        self, topic: str, commands: CommandFacts, locale: str, *, texts: Sequence[TextKind] = ()
    ) -> discord.Embed:
        """Explain one topic; ``texts`` are the kinds of prompts that are proposed here."""
        if topic == SETUP_TOPIC:
            return self.setup(commands, locale)
        words = self._texts.say(f"help-about-{topic}", locale, **commands)
        if topic == "references":
            there = [name for name in COMMAND_OPERATIONS if name in commands]
            more = (
                self._texts.say(f"help-{name}", locale, **commands) for name in (*there, *texts)
            )
            words = "\n\n".join((words, *more))
        return discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("help-about-title", locale, topic=topic),
            description=words,
        )

    def setup(self, commands: CommandFacts, locale: str) -> discord.Embed:
        """Show the commands that set a server up."""
        return discord.Embed(
            colour=COLOURS["queued"],
            title=self._texts.say("help-setup-title", locale),
            description=self._texts.say("help-setup", locale, **commands),
        )

    def topic_choices(self, topics: Sequence[str], typed: str, locale: str) -> Choices:
        """Offer topics by their names in the reader's language."""
        named = [(self._texts.say(f"help-topic-{topic}", locale), topic) for topic in topics]
        wanted = typed.strip().casefold()
        return [
            Choice(name=name, value=topic)
            for name, topic in named
            if wanted in name.casefold() or wanted in topic
        ]

    def topic_meant(self, topics: Sequence[str], typed: str, locale: str) -> str:
        """Return the topic that somebody typed or chose, by its value or its name.

        Raises:
            UnknownHelpTopic
        """
        wanted = typed.strip().casefold()
        for topic in topics:
            names = (self._texts.say(f"help-topic-{topic}", each) for each in self._texts.locales)
            if wanted == topic or wanted in map(str.casefold, names):
                return topic
        allowed = self._topic_names(topics, locale)
        raise UnknownHelpTopic(topic=typed, allowed=allowed)

    def _topic_names(self, topics: Sequence[str], locale: str) -> str:
        names = (self._texts.say(f"help-topic-{topic}", locale) for topic in topics)
        return reduce(
            lambda one, other: self._texts.say("help-topics-joined", locale, one=one, other=other),
            names,
        )

    # --- the greeting -------------------------------------------------------------------------

    def greeting(self, server_name: str, commands: CommandFacts, locale: str) -> discord.Embed:
        """Say to a server what the bot does, where to begin and how to limit it."""
        server = plain_line(server_name, _LONGEST_SERVER_NAME)
        return discord.Embed(
            colour=COLOURS["result"],
            title=self._texts.say("greeting-title", locale, server=server),
            description=self._texts.say("greeting", locale, **commands),
        )

    # --- parts --------------------------------------------------------------------------------

    def _models(self, models: Sequence[ModelCost], locale: str) -> str:
        if not models:
            return self._texts.say("help-models-none", locale)
        lines: list[str] = []
        for line in model_lines(self._texts, models[:MOST_MODELS], locale):
            if width("\n".join((*lines, line))) > LONGEST_FIELD - _ROOM_FOR_MORE:
                break
            lines.append(line)
        if left := len(models) - len(lines):
            lines.append(self._texts.say("help-models-more", locale, count=left))
        return "\n".join(lines)

    def _limits(self, found: PersonalHelp, locale: str) -> str:
        say, status = self._texts.say, found.status
        if status.block_reason is not None:
            reason = plain_line(status.block_reason, LONGEST_REASON)
            return say(status.block_text_id, locale, reason=reason)
        lines = [self._limit(row, locale) for row in found.limits[:MOST_LIMITS]]
        lines = lines or [say("usage-none", locale)]
        if status.granted:
            lines.append(say("help-granted", locale, credits=status.granted))
        return cut("\n".join(lines), LONGEST_FIELD)

    def _limit(self, row: UsageRow, locale: str) -> str:
        level = self._texts.say("usage-level", locale, level=row.level, period=row.period)
        left = self._texts.say(
            "usage-row",
            locale,
            limit=row.limit,
            used=row.used,
            held=row.held,
            left=row.left,
            frees_at=row.frees_at,
        )
        return self._texts.say("help-limit", locale, level=level, left=left)

    def _links(self, links: HelpLinks, locale: str) -> str:
        urls = {"help": links.help_url, "privacy": links.privacy_url}
        return FACT_SEPARATOR.join(
            f"[{self._texts.say(f'help-link-{name}', locale)}]({url})"
            for name, url in urls.items()
            if url
        )


def model_lines(texts: Texts, models: Sequence[ModelCost], locale: str) -> list[str]:
    """Return a line for each model, with what a picture costs."""
    return [
        texts.say(
            "help-model",
            locale,
            model=plain_line(model.name, LONGEST_DISPLAY_NAME),
            credits=model.credits,
        )
        for model in models
    ]
