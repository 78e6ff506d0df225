"""Short facts of the options that were chosen, and the small print about what became of them."""

from bot.core.i18n.escaping import one_line
from bot.core.i18n.texts import Texts
from bot.core.models import ImageRequest, ModelOptions
from bot.discord_ui.embed_style import LONGEST_DISPLAY_NAME
from bot.discord_ui.picture_names import enlarged_number

_LONGEST_NEGATIVE = 60  # of a fact in one line; the details have all of it
_LONGEST_FLAG = 80


def option_facts(texts: Texts, options: ModelOptions, locale: str) -> list[str]:
    """Return the options beyond model, size and number, each as plain text of a few words."""
    words = filter(None, options.words.values())
    facts = [one_line(word, LONGEST_DISPLAY_NAME) for word in words]
    if options.seed is not None:
        facts.append(texts.say("card-seed", locale, seed=str(options.seed)))
    if options.negative:
        negative = one_line(options.negative, _LONGEST_NEGATIVE)
        facts.append(texts.say("card-negative", locale, negative=negative))
    if options.strength is not None:
        facts.append(texts.say("card-strength", locale, strength=options.strength))
    return facts


def operation_fact(texts: Texts, request: ImageRequest, locale: str) -> str:
    """Return what is done with the pictures of a request; empty where it paints."""
    if request.operation is None:
        return ""
    return texts.say(
        "card-operation",
        locale,
        operation=request.operation,
        count=len(request.references),  # 0 until they are fetched
        number=enlarged_number(request),
    )


def prompt_or_operation(texts: Texts, request: ImageRequest, locale: str) -> str:
    """Return the prompt; where there is none what is done, or which button was pressed."""
    button = request.action.face if request.action else ""
    return request.prompt or operation_fact(texts, request, locale) or button


def request_notes(texts: Texts, request: ImageRequest, locale: str) -> list[str]:
    """Return a sentence for another size than the typed ratio, and one for flags left out."""
    notes = []
    if request.ratio:
        size = str(request.size).replace("x", "×")
        notes.append(texts.say("card-nearest-size", locale, ratio=request.ratio, size=size))
    if request.left_out:
        flags = ", ".join(_code(flag) for flag in request.left_out)
        count = len(request.left_out)
        notes.append(texts.say("card-flags-left-out", locale, flags=flags, count=count))
    return notes


def _code(typed: str) -> str:
    """Return what somebody typed as code, in which Discord reads neither markdown nor mentions."""
    shown = one_line(typed, _LONGEST_FLAG).replace("`", "'")
    return f"`{shown}`"
