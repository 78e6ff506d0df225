"""The embed with all details of one result, shown to whoever asks for it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import discord

from bot.core.i18n.escaping import ELLIPSIS, cut, escaped, one_line, quoted, visible
from bot.core.i18n.texts import Texts
from bot.core.models import ImageRequest
from bot.core.units import count_units, most_of_a_unit
from bot.discord_ui.embed_style import COLOURS, LONGEST_FIELD, requester_name, small
from bot.discord_ui.option_facts import operation_fact, prompt_or_operation
from bot.jobs.job_lookup import FoundJob
from bot.jobs.repository.rows import WrittenJob

# Of the 6,000 that an embed may have (resources/message), beside the fields.
LONGEST_PROMPT, LONGEST_REVISED_PROMPT = 2_400, 1_200
LONGEST_FACT = 100


@dataclass(frozen=True, slots=True)
class DetailsMessage:
    """The embed, and a text file with the full prompts where the embed has no room."""

    embed: discord.Embed
    file: discord.File | None


class DetailsEmbeds:
    """Builds the details of a job."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def message(
        self, record: FoundJob, locale: str, *, server_id: int, for_operator: bool
    ) -> DetailsMessage:
        """Show a job in the reader's language; only the operator sees the gateway's name.

        A job without a prompt is one whose prompt must not be shown.
        """
        request = record.written.job.request
        revised = _revised_prompts(record)
        words = self._prompts(request, revised, locale)
        command = command_of(request)
        paste = f"```\n{cut(command, LONGEST_FIELD - 8)}\n```" if command else ""
        embed = discord.Embed(colour=COLOURS["result"], description="\n".join(words))
        embed.set_author(name=self._say("details-title", locale))
        # Three columns of short lines; on a phone they stand below each other.
        columns = {
            "request": self._request(record, locale),
            "work": self._work(record, locale, for_operator=for_operator),
            "origin": self._origin(record, locale, server_id),
        }
        for name, lines in columns.items():
            embed.add_field(name=self._say(f"details-{name}", locale), value="\n".join(lines))
        if paste:
            embed.add_field(name=self._say("details-command", locale), value=paste, inline=False)
        is_cut = len(revised) > 1 or any(ELLIPSIS in shown for shown in (*words, paste))
        return DetailsMessage(embed, _text_file(record, revised) if is_cut else None)

    def _prompts(self, request: ImageRequest, revised: list[str], locale: str) -> list[str]:
        if not request.prompt:
            done = prompt_or_operation(self._texts, request, locale)
            return [escaped(done) or small(self._say("card-prompt-withheld", locale))]
        words = [quoted(request.prompt, LONGEST_PROMPT)]
        if revised:
            words += [
                small(self._say("card-revised", locale)),
                quoted(revised[0], LONGEST_REVISED_PROMPT),
            ]
        return words

    def _request(self, record: FoundJob, locale: str) -> Iterator[str]:
        request = record.written.job.request
        yield _plain(request.model)
        yield self._size(record, locale)
        yield self._pictures(record, locale)
        for option, word in request.words.items():
            if word:
                yield self._say("details-option", locale, option=option, value=_plain(word))
        if seeds := record.seeds:
            shown = ", ".join(map(str, seeds))
            yield self._say("details-seeds", locale, seeds=shown, count=len(seeds))
        if request.negative:
            yield self._say("details-negative", locale, value=_plain(request.negative))
        if request.strength is not None:
            yield self._say("card-strength", locale, strength=request.strength)
        if request.operation:
            yield operation_fact(self._texts, request, locale)
        elif request.references:
            yield self._say("card-references", locale, count=len(request.references))

    def _work(self, record: FoundJob, locale: str, *, for_operator: bool) -> Iterator[str]:
        attempts, asked_at = record.attempts, record.written.job.created_at
        if attempts.began_at is not None:
            yield self._say("details-waited", locale, waited_ms=attempts.began_at - asked_at)
            if attempts.ended_at is not None:
                painted_ms = attempts.ended_at - attempts.began_at
                yield self._say("details-painted", locale, painted_ms=painted_ms)
        yield self._say("card-credits", locale, credits=record.charged)
        if attempts.tokens is not None:
            put_in, put_out = attempts.tokens.input_tokens, attempts.tokens.output_tokens
            yield self._say("details-tokens", locale, input=put_in, output=put_out)
        if attempts.gateways and for_operator:
            gateways = _plain(", ".join(attempts.gateways))
            yield self._say("details-gateway", locale, gateways=gateways)

    def _origin(self, record: FoundJob, locale: str, server_id: int) -> Iterator[str]:
        job = record.written.job
        yield escaped(requester_name(self._texts, job.requester, locale))
        yield self._say("details-created", locale, created_at=job.created_at)
        if record.parent is not None and (link := _link(record.parent, server_id)):
            yield self._say("details-parent", locale, link=link)

    def _size(self, record: FoundJob, locale: str) -> str:
        sizes = dict.fromkeys((each.width, each.height) for each in record.pictures)
        painted = ", ".join(
            self._say("card-size", locale, width=str(width), height=str(height))
            for width, height in sizes
        )
        asked = _plain(str(record.written.job.request.size).replace("x", "×"))
        if not painted or painted == asked:
            return asked
        return self._say("details-size-both", locale, asked=asked, painted=painted)

    def _pictures(self, record: FoundJob, locale: str) -> str:
        asked, arrived = record.written.job.request.n, len(record.pictures)
        grids = [each.grid for each in record.pictures]
        units = count_units(grids)
        if units in {0, asked}:
            return self._say("card-count", locale, count=arrived or asked)
        asked = arrived + (asked - units) * most_of_a_unit(grids)
        return self._say("details-arrived", locale, asked=asked, arrived=arrived)

    def _say(self, message_id: str, locale: str, **facts: str | int | None) -> str:
        return self._texts.say(message_id, locale, **facts)


def command_of(request: ImageRequest) -> str:
    """Return the command that asks for the same, without backticks and line breaks.

    It is empty for what only a button does. Pictures are attached anew.
    """
    if request.operation == "upscale":
        return ""
    options = (
        ("prompt", request.prompt),
        ("model", request.model),
        ("size", str(request.size)),
        ("n", str(request.n) if request.n > 1 else None),
        *request.words.items(),
        *request.values.items(),
    )
    words = (f"{name}:{value}" for name, value in options if value or value == 0)
    return f"/{request.operation or 'imagine'} {' '.join(words)}".replace("\n", " ").replace(
        "`", "'"
    )


def _revised_prompts(record: FoundJob) -> list[str]:
    asked = visible(record.written.job.request.prompt).casefold()
    if not asked:  # then its revisions must not be shown either
        return []
    revised = dict.fromkeys(visible(each.revised_prompt or "") for each in record.pictures)
    return [words for words in revised if words and words.casefold() != asked]


def _text_file(record: FoundJob, revised: list[str]) -> discord.File:
    job = record.written.job
    text = "\n\n".join(filter(None, (job.request.prompt, *revised, command_of(job.request))))
    return discord.File(io.BytesIO(text.encode()), filename=f"easel-{job.id[-8:]}.txt")


def _link(parent: WrittenJob, server_id: int) -> str | None:
    """Return a link to the parent's message, if it is in this server."""
    card = parent.placed
    if card is None or card.only_by_token or parent.job.requester.server_id != server_id:
        return None
    return f"https://discord.com/channels/{server_id or '@me'}/{card.channel_id}/{card.message_id}"


def _plain(word: str) -> str:
    return escaped(one_line(word, LONGEST_FACT))
