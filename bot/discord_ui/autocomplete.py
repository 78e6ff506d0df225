"""Autocomplete choices of /imagine; each says what one picture costs with it."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from discord.app_commands import Choice

from bot.core.i18n.texts import Texts
from bot.core.models import WordOption
from bot.core.operations import Operation
from bot.gateways.catalogue import Catalogue
from bot.gateways.option_checks import MAX_SUGGESTIONS
from bot.jobs.pricing import Pricing

LONGEST_CHOICE = 100  # of a choice's name and of its value, in characters (application-commands)

Choices = list[Choice[str]]


class Autocomplete:
    """Suggests option values from memory alone, since Discord waits three seconds."""

    def __init__(
        self, *, catalogue: Catalogue, costs: Pricing, texts: Texts, now: Callable[[], int]
    ) -> None:
        self._catalogue = catalogue
        self._costs = costs
        self._texts = texts
        self._now = now

    def models(
        self,
        typed: str,
        *,
        server_id: int,
        locale: str,
        quality: str | None = None,
        among: Iterable[str] | None = None,
    ) -> Choices:
        """Suggest models that match, of all or ``among`` some; one that retires says when.

        Each shows its cost at the ``quality`` that was typed, where the model has that.
        """
        today = datetime.fromtimestamp(self._now() / 1000, UTC).date()
        return [
            _choice(
                self._catalogue.display_name(name, today),
                self._cost(name, quality, server_id, locale),
                value=name,
            )
            for name in self._catalogue.suggest_models(typed, among)
        ]

    def qualities(self, typed: str, *, model: str | None, server_id: int, locale: str) -> Choices:
        """Suggest the qualities of the model, each with its cost."""
        name = model or self._catalogue.default.name
        return [
            _choice(word, self._cost(name, word, server_id, locale), value=word)
            for word in self._catalogue.suggest_choices(name, "quality", typed)
        ]

    def sizes(self, typed: str, *, model: str | None) -> Choices:
        """Suggest aspect ratios, each with its size, and the sizes of the model."""
        return [
            Choice(
                name=(name if name == size else f"{name} · {size}")[:LONGEST_CHOICE],
                value=name[:LONGEST_CHOICE],
            )
            for name, size in self._catalogue.suggest_sizes(model, typed).items()
        ]

    def sizes_of(self, operation: Operation, typed: str, *, model: str | None) -> Choices:
        """Suggest the sizes of an operation of the model."""
        offered = self._catalogue.models_with(operation)
        sizes = [
            size for one in offered if one.name == model for size in one.operations[operation].sizes
        ]
        return plain_choices(
            sorted(sizes, key=lambda size: typed.strip() not in size)[:MAX_SUGGESTIONS]
        )

    def choices(self, option: WordOption, typed: str, *, model: str | None) -> Choices:
        """Suggest the model's values of another option."""
        return plain_choices(self._catalogue.suggest_choices(model, option, typed))

    def _cost(self, model: str, quality: str | None, server_id: int, locale: str) -> str:
        known = self._catalogue.model(model).name
        each = self._costs.credits_each(
            server_id, known, self._catalogue.chosen_quality(known, quality)
        )
        return self._texts.say("card-credits", locale, credits=each)


def plain_choices(words: Iterable[str]) -> Choices:
    """Return values as choices, cut to what Discord takes."""
    return [Choice(name=word[:LONGEST_CHOICE], value=word[:LONGEST_CHOICE]) for word in words]


def _choice(name: str, cost: str, *, value: str) -> Choice[str]:
    cost = f" · {cost}"
    return Choice(name=name[: LONGEST_CHOICE - len(cost)] + cost, value=value[:LONGEST_CHOICE])
