"""An evening at the playground's page, without a browser: what people send arrives, and shows."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from tests.cli.process import environment
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.playground.visitor import Visitor, page

PICTURE = "A picture for"


@asynccontextmanager
async def _people(
    *names: str, options: tuple[str, ...], folder: Path, env: dict[str, str] | None = None
) -> AsyncIterator[list[Visitor]]:
    async with (
        page(*options, folder=folder, env=env) as (url, process),
        aiohttp.ClientSession() as session,
    ):
        yield [await Visitor(URL(url), session).come_in(name) for name in names]
        process.send_signal(signal.SIGINT)
        await process.wait()


def _refused(receipt: dict[str, Any]) -> list[str]:
    return [item["code"] for item in receipt["diagnostics"]]


async def test_a_command_becomes_a_picture_before_everybodys_eyes(tmp_path: Path) -> None:
    """The card goes from painting to the picture by itself, for whoever has the page open."""
    async with _people("Ada", "Ben", options=("--latency", "0.5"), folder=tmp_path) as (ada, ben):
        receipt = await ada.command("imagine", prompt="a lighthouse at dusk")
        assert (receipt["settlement"], _refused(receipt)) == ("settled", [])
        await ben.card("Painting for Ada")
        for caller in (ada, ben):
            card = await caller.card("A picture for Ada")
            assert card["embeds"][0]["image"]["asset_id"]


async def test_the_card_tells_the_true_time(tmp_path: Path) -> None:
    """The simulation's own clock stands still, yet what took 0.6 s says 0.6 s or a little more."""
    async with _people("Ada", options=("--latency", "0.6"), folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a lighthouse at dusk")
        footer = (await ada.card(PICTURE))["embeds"][0]["footer"]["text"]
        seconds = float(footer.split(" · ")[2].removesuffix(" s"))
        assert 0.6 <= seconds < 10


async def test_the_better_model_costs_more(tmp_path: Path) -> None:
    """The two models of the painter show what credits are for."""
    async with _people("Ada", options=("--latency", "0"), folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a hill", model="easel-master", quality="high")
        footer = (await ada.card(PICTURE))["embeds"][0]["footer"]["text"]
        assert footer.startswith("easel-master · 1024×1024 · high · ")
        assert footer.endswith(" · 4 credits · 6 of 10 left today")
        await ada.command("imagine", prompt="a hill", model="easel-master", quality="low")
        await ada.card("1 credit · 5 of 10 left today")


async def test_no_click_is_lost_while_pictures_come(tmp_path: Path) -> None:
    """Eighteen commands of three people, sent while jobs end all around them, are all taken."""
    options = ("--latency", "0.2")
    async with _people("Ada", "Ben", "Mia", options=options, folder=tmp_path) as people:

        async def evening(caller: Visitor) -> list[dict[str, Any]]:
            receipts = []
            for number in range(3):
                receipts.append(await caller.command("imagine", prompt=f"a hill {number}"))
                receipts.append(await caller.command("usage"))
            return receipts

        receipts = chain.from_iterable(await asyncio.gather(*map(evening, people)))
        assert [(r["settlement"], _refused(r)) for r in receipts] == [("settled", [])] * 18


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
        await ada.command("imagine", prompt="a lighthouse")
        await ada.card("9 of 10 left")
    async with _people("Ada", options=options, folder=tmp_path) as (ada,):
        await ada.command("imagine", prompt="a lighthouse")
        await ada.card("8 of 10 left")


async def test_an_own_gateway_paints_under_its_own_quota(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """With IMAGE_API_URL set nothing comes from the painter, and nothing touches the real data."""
    env = environment(tmp_path, gateway, DEFAULT_QUOTA="3/hour", ALLOWED_SERVERS="1")
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
