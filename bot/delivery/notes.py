"""Words beside the cards: one line to a requester, and the list of what they asked for."""

from collections.abc import Sequence

import discord

from bot.delivery.cards import COLOURS, SENTENCE
from bot.domain import Job, JobState
from bot.i18n.quoting import cut, escaped, one_line
from bot.i18n.texts import Money, Texts
from bot.outcome import Ending

LONGEST_LABEL = 100  # of a choice in a select (components/reference, Select Option)
# In a list of 25 that has 4,096 characters, also when every letter is escaped.
LONGEST_PAST = 40
LONGEST_MODEL = 20


class Notes:
    """Says it in the reader's language."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def ready(self, job: Job) -> str:
        """Call the requester to the pictures on a card, for an edit notifies nobody."""
        return self._call("notice-ready", job)

    def ended(self, job: Job) -> str:
        """Call the requester to a card that says why there are no pictures."""
        return self._call("notice-ended", job)

    def card_gone(self, job: Job) -> str:
        """Say to the requester why the pictures come in a new message."""
        return self._call("notice-card-gone", job)

    def answer_closed(self, job: Job) -> str:
        """Say to the requester why the pictures come apart from what they answer."""
        return self._call("notice-answer-closed", job)

    def without_card(self, job: Job, ending: Ending) -> str:
        """Say to the requester why there are no pictures, where no card can say so."""
        money: Money = "charged" if ending.doubt_charged else "back"
        sentence = self._texts.sentence(ending.error, job.locale, money=money)
        return f"{_mention(job)} {cut(sentence, SENTENCE)}"

    def history(self, past: Sequence[tuple[Job, JobState]], locale: str = "en") -> discord.Embed:
        """Show a person's last jobs, one line for each."""
        lines = [self._past(number, *each, locale) for number, each in enumerate(past, 1)]
        return discord.Embed(
            colour=COLOURS["painting"],
            title=self._texts.say("history-title", locale),
            description="\n".join(lines) or self._texts.say("history-none", locale),
        )

    def past_label(self, number: int, job: Job) -> str:
        """Name a job in a list to choose from."""
        prompt = one_line(job.request.prompt, LONGEST_LABEL)
        return one_line(f"{number}. {_lock(job)}{prompt}", LONGEST_LABEL)

    def _past(self, number: int, job: Job, state: JobState, locale: str) -> str:
        return self._texts.say(
            "history-line",
            locale,
            number=str(number),
            state=state,
            created_at=job.created_at,
            model=escaped(one_line(job.request.model, LONGEST_MODEL)),
            prompt=_lock(job) + escaped(one_line(job.request.prompt, LONGEST_PAST)),
        )

    def _call(self, message_id: str, job: Job) -> str:
        mention, count = _mention(job), job.request.n
        return self._texts.say(message_id, job.locale, mention=mention, count=count)


def _lock(job: Job) -> str:
    """Mark what nobody else has seen: posting it again shows it to everybody."""
    return "🔒 " if job.private else ""


def _mention(job: Job) -> str:
    return f"<@{job.requester.user_id}>"
