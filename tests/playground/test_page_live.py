"""The playground's page without a browser: what people send arrives, and shows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from tests.cli.process import environment
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.playground.page_client import PageClient, page

PICTURE = "A picture for"
TINY: dict[str, object] = {"size": "256x256"}


@asynccontextmanager
async def _people(
    *names: str, options: tuple[str, ...], folder: Path, env: dict[str, str] | None = None
) -> AsyncIterator[list[PageClient]]:
    async with (
        page(*options, folder=folder, env=env) as url,
        aiohttp.ClientSession() as session,
    ):
        yield [await PageClient(URL(url), session).come_in(name) for name in names]


def _refused(receipt: dict[str, Any]) -> list[str]:
    return [item["code"] for item in receipt["diagnostics"]]


async def test_a_command_becomes_a_picture_before_everybodys_eyes(tmp_path: Path) -> None:
    """The card goes from painting to the picture by itself, for whoever has the page open.

    A picture that takes less than two seconds comes without the step between.

    It tells the true time, although the simulation's own clock stands still.
    """
    async with _people("Ada", "Ben", options=("--latency", "2.6"), folder=tmp_path) as (ada, ben):
        receipt = await ada.command("imagine", prompt="a lighthouse at dusk", **TINY)
        assert (receipt["settlement"], _refused(receipt)) == ("settled", [])
        await ben.card("Painting for Ada")
        for client in (ada, ben):
            card = await client.card("A picture for Ada")
            assert card["embeds"][0]["image"]["asset_id"]
            seconds = float(card["embeds"][0]["footer"]["text"].split(" · ")[2].removesuffix(" s"))
            assert 2.6 <= seconds < 20


async def test_the_better_model_costs_more(tmp_path: Path) -> None:
    """The two models of the painter show what credits are for."""
    better = {"model": "easel-master", **TINY}
    async with _people("Ada", options=("--latency", "0"), folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a hill", quality="high", **better)
        footer = (await ada.card(PICTURE))["embeds"][0]["footer"]["text"]
        assert footer.startswith("easel-master · 256×256 · high · ")
        assert footer.endswith(" · 4 credits · 26 of 30 left today")
        await ada.command("imagine", prompt="a hill", quality="low", **better)
        await ada.card("1 credit · 25 of 30 left today")


async def test_no_click_is_lost_while_pictures_come(tmp_path: Path) -> None:
    """Twelve commands of three people, sent while jobs end all around them, are all taken."""
    options = ("--latency", "0.05")
    async with _people("Ada", "Ben", "Mia", options=options, folder=tmp_path) as people:

        async def use(client: PageClient) -> list[dict[str, Any]]:
            receipts = []
            for number in range(2):
                receipts.append(await client.command("imagine", prompt=f"a hill {number}", **TINY))
                receipts.append(await client.command("usage"))
            return receipts

        receipts = chain.from_iterable(await asyncio.gather(*map(use, people)))
        assert [(r["settlement"], _refused(r)) for r in receipts] == [("settled", [])] * 12


async def test_a_refusal_is_an_answer_and_no_defect(tmp_path: Path) -> None:
    """The page does not call "spent" an error of the bot."""
    async with _people("Mia", "Ben", options=("--latency", "0"), folder=tmp_path) as (mia, ben):
        await mia.command("quota set", credits=0, per="day")
        await mia.card("Everyone may not paint any more")
        receipt = await ben.command("imagine", prompt="a lighthouse")
        assert (receipt["settlement"], _refused(receipt)) == ("settled", [])
        await ben.card("Pictures are switched off here")


async def test_a_kept_folder_knows_people_again(tmp_path: Path) -> None:
    """What was spent yesterday is spent today, and the commands are there in the new Discord."""
    options = ("--latency", "0", "--data", "kept")
    async with _people("Ada", options=options, folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a lighthouse", **TINY)
        await ada.card("29 of 30 left")
    async with _people("Ada", options=options, folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a lighthouse", **TINY)
        await ada.card("28 of 30 left")


async def test_an_own_gateway_paints_under_its_own_quota(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """With IMAGE_API_URL set nothing comes from the painter, and nothing touches the real data."""
    url = f"sqlite:///{tmp_path}/data/easel.db"
    env = environment(
        tmp_path, gateway, DATABASE_URL=url, DEFAULT_QUOTA="3/hour", ALLOWED_SERVERS="1"
    )
    async with _people("Ada", options=(), folder=tmp_path, env=env) as (ada,):
        await ada.command("imagine", prompt="a lighthouse")
        await ada.card("2 of 3 left this hour")
    assert len(gateway.bodies) == 1
    assert not (tmp_path / "data").exists()


async def test_a_painter_that_always_fails_is_owned_up_to(tmp_path: Path) -> None:
    """--fail-rate 1 shows the card of a failure, and gives the credits back."""
    options = ("--latency", "0", "--fail-rate", "1")
    async with _people("Ada", options=options, folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a hill")
        await ada.card("The image service had an internal problem")


async def test_a_typed_command_is_run(tmp_path: Path) -> None:
    """What the README says to type is a picture, and the Details' command can be pasted."""
    async with _people("Ada", "Mia", options=("--latency", "0"), folder=tmp_path) as (ada, mia):
        receipt = await ada.say("/imagine prompt: a lighthouse at dusk n: 2 size: 256x256")
        assert (receipt["settlement"], _refused(receipt)) == ("settled", [])
        card = await ada.card("2 pictures for Ada")
        assert "256×256" in str(card)
        receipt = await ada.command("imagine", prompt="a fox n: 2 size: 256x256")
        assert receipt["settlement"] == "settled"
        await ada.card("2 pictures for Ada")
        await ada.card("26 of 30 left")
        await mia.say("/quota grant user: Ada credits: 2 reason: thanks")
        await mia.card("Ada")
        await ada.say("good morning")
        await ada.card("good morning")


async def test_what_cannot_be_run_is_told_in_one_line_and_not_posted(tmp_path: Path) -> None:
    """No dead chat line is left for a typing error, and the page goes on."""
    async with _people("Ada", options=("--latency", "0"), folder=tmp_path) as (ada,):
        for text, words in (
            ("/imagine prompt: a boat n: 44", "from 1 to 10"),
            ("/imagine promt: a boat", "did you mean prompt:"),
            ("/quota set credits: 3 per: day", "You have no command /quota here"),
            ("/imagin a boat", "did you mean /imagine?"),
        ):
            receipt = await ada.say(text)
            assert receipt["rejected"]
            assert words in receipt["playgroundLine"]
        await ada.say("/usage")
        await ada.card("of 30")
        assert "/imagin" not in str([m["content"] for m in ada.seen["messages"].values()])


async def test_a_messages_context_menu_opens_the_form(tmp_path: Path) -> None:
    """*Use as reference* can be tried, by whoever has the page and by nobody else."""
    use = "Use as reference"
    async with _people("Ada", "Ben", options=("--latency", "0"), folder=tmp_path) as (ada, ben):
        await ada.command("imagine", prompt="a hill", **TINY)
        card = await ada.card("A picture for Ada")
        assert await ben.choose(use, card["id"]) == 200
        await ben.card("A picture for Ada")
        assert use in str(ben.seen["modal"])
        await ada.card("A picture for Ada")
        assert ada.seen["modal"] is None
        for name, message in ((use, "1"), ("Delete everything", card["id"]), (use, "x")):
            assert await ben.choose(name, message) == 404
        ben.context = "somebody-else"
        assert await ben.choose(use, card["id"]) == 403


async def test_describe_proposes_prompts_and_paints_one_of_them(tmp_path: Path) -> None:
    """The page has a chat model as well: nobody needs a key to see what it is for."""
    async with _people("Ada", options=("--latency", "0"), folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a hill", **TINY)
        card = await ada.card("A picture for Ada")
        assert await ada.choose("Describe", card["id"]) == 200
        await ada.card("Prompts for this picture")


async def test_the_page_opens_with_a_picture_that_costs_ada_nothing(tmp_path: Path) -> None:
    """A stranger sees at once what is to be had, painted for real at Mia's cost."""
    async with _people("Ada", "Mia", options=("--latency", "0"), folder=tmp_path) as (ada, mia):
        async with asyncio.timeout(20):
            while "A picture for Mia" not in str(ada.seen["messages"]):
                await ada.card("Welcome")
        await ada.command("usage")
        await ada.card("30 of 30")
        await mia.command("usage")
        await mia.card("29 of 30")


async def test_a_picture_goes_on_with_its_buttons(tmp_path: Path) -> None:
    """Four files, then the second of them alone, then a zoom, which asks for the words first."""
    async with _people("Ada", options=("--latency", "0"), folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a boat", model="easel-grid")
        four = await ada.card("4 pictures for Ada")
        assert len(four["attachments"]) == 4
        await ada.press(four, "U2")
        one = await ada.card(PICTURE)
        assert "· U2 ·" in one["embeds"][0]["footer"]["text"]
        await ada.press(one, "🔍 Custom Zoom")
        await ada.fill_in(prompt="a boat --zoom 2")
        zoomed = await ada.card("27 of 30 left today")
        assert "a boat --zoom 2" in str(zoomed["embeds"])
        assert len(zoomed["attachments"]) == 4
