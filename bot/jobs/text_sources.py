"""What answers text requests: the operator's chat model, or a call that a gateway has for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bot.gateways.calls import TextCallName
from bot.gateways.request.chat import ChatQuestion
from bot.gateways.text_call_client import Asked, TextCallClient
from bot.gateways.text_calls import TextCall
from bot.gateways.text_client import TextClient
from bot.gateways.text_exchange import Note
from bot.jobs.suggestions import declines, prompts_in, prompts_of_call


@dataclass(frozen=True, slots=True)
class TextTerms:
    """What one request costs: a person in credits, the operator in millionths."""

    credits: int
    price: int


@dataclass(frozen=True, slots=True)
class TextQuestion:
    """What is asked: about a picture, or about a prompt.

    ``locale`` is the language that whoever can choose one answers in.
    """

    locale: str
    words: str = field(default="", repr=False)
    picture: Path | None = None


@dataclass(frozen=True, slots=True)
class TextSteps:
    """What is written down on the way: before anything is sent, and once a task was accepted."""

    sending: Note
    task: Note


@dataclass(frozen=True, slots=True)
class FoundPrompts:
    """The prompts of an answer; ``is_declined`` where it says that there are none for this."""

    prompts: tuple[str, ...] = field(repr=False)
    is_declined: bool = False


class TextSource(Protocol):
    """What answers requests of one kind."""

    @property
    def name(self) -> str:
        """Return the name of the model or the call, for the row of a request."""
        ...

    @property
    def terms(self) -> TextTerms:
        """Return what a request costs now."""
        ...

    async def ask(self, question: TextQuestion, steps: TextSteps) -> FoundPrompts:
        """Return what is suggested; raise GatewayFailure where nothing came."""
        ...


@dataclass(frozen=True, slots=True)
class ChatSource:
    """Asks the chat model: ``asking`` puts a question into words."""

    client: TextClient
    asking: Callable[[TextQuestion], ChatQuestion]
    terms: TextTerms
    most: int

    @property
    def name(self) -> str:
        """Return the name of the model."""
        return self.client.model.name

    async def ask(self, question: TextQuestion, steps: TextSteps) -> FoundPrompts:
        """Return what the model proposes."""
        asked = self.asking(question)
        text = await self.client.ask(asked, before_sending=steps.sending)
        return FoundPrompts(prompts_in(text)[: self.most], declines(text))


@dataclass(frozen=True, slots=True)
class CallSource:
    """Asks the first gateway that has a call for it, at the prices of the call's table."""

    client: TextCallClient
    call: TextCallName
    usual: TextTerms
    most: int

    @property
    def name(self) -> str:
        """Return the name of the call."""
        return self.call

    @property
    def terms(self) -> TextTerms:
        """Return what the call costs now: a reload may have changed it."""
        call = self.client.call(self.call)
        return self.usual if call is None else terms_of(call, self.usual)

    async def ask(self, question: TextQuestion, steps: TextSteps) -> FoundPrompts:
        """Return what the gateway proposes."""
        asked = Asked(picture=question.picture, words=question.words)
        texts = await self.client.ask(
            self.call, asked, before_sending=steps.sending, on_task=steps.task
        )
        return FoundPrompts(prompts_of_call(texts)[: self.most])


def terms_of(call: TextCall, usual: TextTerms) -> TextTerms:
    """Return what a call costs, in what its table does not say as usual."""
    return TextTerms(
        usual.credits if call.credits is None else call.credits,
        usual.price if call.price is None else call.price,
    )
