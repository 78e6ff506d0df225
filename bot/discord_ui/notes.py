"""Words beside the cards: one line to a requester, and nobody else is called."""

from bot.core.i18n.escaping import cut
from bot.core.i18n.texts import Money, Texts
from bot.core.models import Job
from bot.discord_ui.cards import SENTENCE
from bot.jobs.courier import JobFailure


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

    def without_card(self, job: Job, ending: JobFailure) -> str:
        """Say to the requester why there are no pictures, where no card can say so."""
        money: Money = "charged" if ending.doubt_charged else "back"
        sentence = self._texts.sentence(ending.error, job.locale, money=money)
        return f"{_mention(job)} {cut(sentence, SENTENCE)}"

    def _call(self, message_id: str, job: Job) -> str:
        mention, count = _mention(job), job.request.n
        return self._texts.say(message_id, job.locale, mention=mention, count=count)


def _mention(job: Job) -> str:
    return f"<@{job.requester.user_id}>"
