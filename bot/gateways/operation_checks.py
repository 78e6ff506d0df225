"""Checks of a request for an operation on pictures, such as a blend, against the offered models."""

from collections.abc import Iterable

from bot.core.errors.options import OperationNotOffered, WrongPictureCount, WrongSize
from bot.core.models import AnySize, ImageOptions, ImageRequest, parse_size
from bot.core.operations import Operation
from bot.gateways.model_abilities import ModelAbilities
from bot.gateways.option_checks import AUTO, MAX_ECHO, checked_prompt, model_names
from bot.gateways.reference_limits import OperationAbility


def build_operation(
    options: ImageOptions,
    operation: Operation,
    model: ModelAbilities,
    *,
    pictures: int,
    among: Iterable[ModelAbilities],
) -> ImageRequest:
    """Return the request of an operation, still without its pictures.

    A refusal names those ``among`` the models that have the operation.

    Raises:
        OperationNotOffered, WrongPictureCount, WrongSize, PromptTooLong
    """
    ability = checked_operation(operation, model, pictures=pictures, among=among)
    words = (options.prompt or "").strip()
    return ImageRequest(
        prompt=checked_prompt(words, model) if words else "",
        model=model.name,
        size=_checked_size(options.size, model, ability),
        n=1,
        operation=operation,
    )


def checked_operation(
    operation: Operation,
    model: ModelAbilities,
    *,
    pictures: int,
    among: Iterable[ModelAbilities],
) -> OperationAbility:
    """Return what a model's operation takes; raise as ``build_operation`` does."""
    ability = model.operations.get(operation)
    if ability is None:
        allowed = model_names(other for other in among if operation in other.operations)
        raise OperationNotOffered(operation=operation, model=model.name, allowed=allowed)
    least, most = ability.least, ability.pictures.max_count
    if not least <= pictures <= most:
        raise WrongPictureCount(
            operation=operation, model=model.name, least=least, most=most, count=pictures
        )
    return ability


def _checked_size(typed: str | None, model: ModelAbilities, ability: OperationAbility) -> AnySize:
    size = parse_size(typed) if typed and typed.strip() else AUTO
    if str(size) == AUTO:
        return "auto"
    if str(size) not in ability.sizes:
        allowed = ", ".join((AUTO, *ability.sizes))
        raise WrongSize(size=str(size)[:MAX_ECHO], model=model.name, allowed=allowed)
    return parse_size(str(size))
