"""Credits and operator prices of one picture, by quality.

A rate is one number, or a table by quality in which ``default`` applies to every quality that is
not listed and to pictures whose quality the model decides.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from bot.core.models import parse_money

DEFAULT_QUALITY = "default"
DEFAULT_CREDITS = 1

PriceAmount = int | float | str
"""Money as the operator writes it: a number, or its digits as text."""

CreditsEach = Annotated[int, Meta(ge=0)]
Credits = CreditsEach | dict[str, CreditsEach]
Price = PriceAmount | dict[str, PriceAmount]


def price_of(rate: Price, quality: str | None) -> int:
    """Return the price of one picture in micros.

    Without ``default`` an unlisted quality has the highest listed price, so that a budget is
    never exceeded unnoticed.
    """
    if not isinstance(rate, dict):
        return _micros(rate)
    listed = {name: _micros(amount) for name, amount in rate.items()}
    others = listed.get(DEFAULT_QUALITY, max(listed.values()))
    return listed.get(quality or DEFAULT_QUALITY, others)


def check_rates(price: Price | None, credits: Credits, qualities: Iterable[str] | None) -> None:
    """Raise ValueError, naming the key, if a rate is invalid; ``qualities`` may be unknown."""
    for key, rate in (("price", price), ("credits", credits)):
        if isinstance(rate, dict):
            _check_names(key, rate, qualities)
    if price is not None:
        for name, amount in _named(price):
            _check_amount(name, amount)


def _check_names(key: str, rate: Iterable[str], qualities: Iterable[str] | None) -> None:
    names = list(rate)
    if not names:
        raise ValueError(f"`{key}` is an empty table: name a quality in it, or {DEFAULT_QUALITY}")
    # "auto" is never sent: it means that nobody chose a quality.
    known = None if qualities is None else {DEFAULT_QUALITY, *qualities} - {"auto"}
    for name in names:
        if known is not None and name not in known:
            raise ValueError(
                f"`{key}.{name}` is none of `qualities`: "
                f"name one of them, or {DEFAULT_QUALITY} for all others and for auto"
            )


def _named(price: Price) -> Iterable[tuple[str, PriceAmount]]:
    if not isinstance(price, dict):
        return [("price", price)]
    return [(f"price.{quality}", amount) for quality, amount in price.items()]


def _check_amount(name: str, amount: PriceAmount) -> None:
    try:
        _micros(amount)
    except ValueError as wrong:
        raise ValueError(f"`{name}` is wrong: {wrong}") from None


def _micros(amount: PriceAmount) -> int:
    # repr() of a float is the number as the operator wrote it.
    is_float = isinstance(amount, float)
    return parse_money(f"{Decimal(repr(amount)):f}" if is_float else str(amount))
