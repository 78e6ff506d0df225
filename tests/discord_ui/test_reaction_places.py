"""The bot's own first reaction is decoration: where a channel is limited it is left out."""

from contextlib import ExitStack

from bot.discord_ui.courier_parts import MOST_REACTIONS_WAITING, ReactionPlaces


def test_a_channel_has_a_few_places_and_gets_them_back() -> None:
    """Discord takes four reactions a second: a hundred results must not queue for them."""
    places = ReactionPlaces()
    with ExitStack() as waiting:
        taken = [waiting.enter_context(places.place(1)) for _ in range(MOST_REACTIONS_WAITING + 2)]
        assert taken == [True] * MOST_REACTIONS_WAITING + [False] * 2
        with places.place(2) as elsewhere:
            assert elsewhere
    with places.place(1) as again:
        assert again
