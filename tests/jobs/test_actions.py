"""Actions on finished tasks: each is a job of its own, and nothing of it is sent twice."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.core.errors.gateway import GatewayErrorKind, GatewayFailure
from bot.core.errors.jobs import ActionExpired, ActionRuns
from bot.core.models import ImageOptions, ImageRequest, Job
from bot.images.references import Attachments
from bot.services import open_services
from bot.settings.settings import GatewayKey
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import connected
from tests.gateways import fake_midjourney as mj
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.test_gateways_example import EXAMPLE
from tests.images.test_content_store import mask_bytes, upload
from tests.jobs import test_late_tasks as late
from tests.jobs.service_harness import ADA, BEN, RecordingCourier, ServiceHarness, settings
from tests.jobs.test_recovery import HangingCourier, recover
from tests.waiting import quick_clock, until

STATES = "SELECT state, modal_sent FROM attempts ORDER BY job_id DESC LIMIT 1"
TASKS = "SELECT slot, task_id FROM attempts WHERE task_id IS NOT NULL ORDER BY slot"
CHARGED = "SELECT credits, operator_credits FROM charges ORDER BY job_id"


def table(url: str, name: str = "midjourney") -> str:
    """Return the example's table of Midjourney at this address, with quick polls."""
    section = EXAMPLE[EXAMPLE.index(f"#[gateways.{name}]") :].partition("\n\n")[0]
    text = re.sub(r"(?m)^#(?=\S)", "", section).replace("https://<the host of your gateway>", url)
    return text.replace("interval_s = 5, budget_s = 1800", "interval_s = 1, budget_s = 60")


def actions(folder: Path, url: str, changed: tuple[str, str] = ("", "")) -> dict[str, Any]:
    """Return settings of that gateway, whose table has something ``changed``."""
    file = folder / "gateways.toml"
    file.write_text(table(url).replace(*changed) if changed[0] else table(url))
    keys = {"midjourney": GatewayKey(api_key=SecretStr(GATEWAY_KEY))}
    return {"gateways_file": file, "image_api_url": "", "gateways": keys}


def speeds(folder: Path, url: str) -> dict[str, Any]:
    """Return settings of the gateway whose models are speeds."""
    file = folder / "gateways.toml"
    file.write_text(table(url, "midjourney-speeds"))
    keys = {"midjourney_speeds": GatewayKey(api_key=SecretStr(GATEWAY_KEY))}
    return {"gateways_file": file, "image_api_url": "", "gateways": keys}


@dataclass
class Actions:
    """A process beside the fake."""

    harness: ServiceHarness
    fake: mj.FakeButtons

    async def paint(self, courier: RecordingCourier | None = None, **options: Any) -> Job:
        """Paint a grid, or as many as the options say."""
        wanted = ImageOptions(prompt="a fox", **options)
        request = self.harness.services.catalogue.build_request(wanted)
        return await self._submitted(request, courier or RecordingCourier())

    async def press(
        self, parent: Job, face: str, *, prompt: str = "a fox", courier: RecordingCourier
    ) -> Job:
        """Press the button with these words, as the cog does, and wait for the end."""
        request = await self.request(parent, face, prompt)
        return await self._submitted(request, courier)

    async def request(self, parent: Job, face: str, prompt: str = "a fox") -> ImageRequest:
        """Return the request of a button."""
        offers = self.harness.services.actions
        shown = await offers.now_offered(parent, server_id=ADA.server_id)
        (one,) = (each for each in shown if each.face == face)
        found = await offers.pressed(parent, one.slot, one.place, server_id=ADA.server_id)
        return replace(parent.request, prompt=prompt, action=found.action)

    async def submit(self, request: ImageRequest, courier: RecordingCourier) -> Job:
        """Submit a request."""
        return await self.harness.services.job_service.submit(request, ADA, courier)

    async def _submitted(self, request: ImageRequest, courier: RecordingCourier) -> Job:
        job = await self.submit(request, courier)
        await self.harness.services.job_service.drained()
        return job

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database."""
        return self.harness.rows(sql)


@asynccontextmanager
async def opened(
    folder: Path, fake: mj.FakeButtons, gateway: ScriptedGateway, **changes: Any
) -> AsyncIterator[Actions]:
    """Run one process on the folder; it leaves whatever still runs to the next start."""
    chosen = settings(folder, gateway, **(changes or actions(folder, fake.url)))
    async with open_services(chosen, quick_clock()) as services:
        yield Actions(ServiceHarness(services, folder), fake)


@asynccontextmanager
async def proxy(**changes: Any) -> AsyncIterator[mj.FakeButtons]:
    """Open the fake."""
    fake = mj.FakeButtons(**changes)
    async with TestServer(fake.app()) as server:
        fake.url = str(server.make_url("")).rstrip("/")
        yield fake


async def test_the_buttons_of_a_grid_are_offered(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Nine of them; a bookmark is none that paints."""
    async with proxy() as fake, opened(tmp_path, fake, gateway) as at:
        await at.paint(courier := RecordingCourier())
    (result,) = courier.results
    faces = ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]
    assert [each.face for each in result.actions] == faces
    assert {each.credits for each in result.actions} == {1}
    assert len(result.pictures) == 4


@pytest.mark.parametrize(("face", "files"), [("U2", 1), ("V1", 4), ("🔄", 4)])
async def test_a_press_is_a_job_of_its_own(
    tmp_path: Path, gateway: ScriptedGateway, face: str, files: int
) -> None:
    """It is held, sent once to the task's gateway, charged and kept; its task has buttons, too."""
    async with proxy() as fake, opened(tmp_path, fake, gateway) as at:
        parent = await at.paint()
        await at.press(parent, face, courier=(courier := RecordingCourier()))
        (result,) = courier.results
        assert len(result.pictures) == files
        custom_id = mj.OF_GRID[face]
        assert fake.sent("action") == [{"taskId": "1000", "customId": custom_id}]
        assert (fake.paid, fake.sent("modal")) == (2, [])
        assert at.rows(CHARGED) == [(1, 1), (1, 1)]
        assert [each.face for each in result.actions][:1] == (
            ["Upscale (Subtle)"] if files == 1 else ["U1"]
        )


@pytest.mark.parametrize("silent", [False, True])
async def test_a_task_that_asks_back_gets_its_prompt_once(
    tmp_path: Path, gateway: ScriptedGateway, silent: bool
) -> None:
    """With code 21, or by its state alone; its state stays for a while, and nothing is repeated.

    Nobody was asked for a prompt, so it is the one that the task proposes.
    """
    asking = proxy(asks=["variation"], silent=silent)
    async with asking as fake, opened(tmp_path, fake, gateway) as at:
        parent = await at.paint()
        await at.press(parent, "V3", courier=(courier := RecordingCourier()))
        assert [len(result.pictures) for result in courier.results] == [4]
        assert fake.sent("modal") == [{"taskId": "1001", "prompt": "a fox --v 7"}]
        assert fake.paid == 2
        assert at.rows(STATES) == [("received", 1)]


@pytest.mark.parametrize("silent", [False, True])
async def test_without_a_proposal_it_is_the_prompt_of_the_picture(
    tmp_path: Path, gateway: ScriptedGateway, silent: bool
) -> None:
    """A table may say nothing of it: the prompt must not be empty."""
    async with proxy(asks=["variation"], silent=silent) as fake:
        changes = actions(tmp_path, fake.url, ('proposes = "properties.finalPrompt"', ""))
        async with opened(tmp_path, fake, gateway, **changes) as at:
            await at.press(await at.paint(), "V3", courier=RecordingCourier())
        assert fake.sent("modal") == [{"taskId": "1001", "prompt": "a fox"}]


async def test_a_proposal_is_sent_as_it_is(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """It has the words that the table adds to a prompt: with them twice it might be refused."""
    async with proxy(asks=["variation"]) as fake:
        spelled = 'prompt = "{prompt} --fast"\ndrop = '
        async with opened(
            tmp_path, fake, gateway, **actions(tmp_path, fake.url, ("drop = ", spelled))
        ) as at:
            await at.press(await at.paint(), "V3", courier=RecordingCourier())
        assert fake.sent("imagine")[0]["prompt"] == "a fox --fast"
        assert fake.sent("modal") == [{"taskId": "1001", "prompt": "a fox --fast --v 7"}]


async def test_a_prompt_that_somebody_typed_is_sent_as_it_is(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """They were asked for it: the task's own words count no more.

    The reply may ask once more, as some proxies do; another prompt could be paid twice.
    """
    async with proxy() as fake, opened(tmp_path, fake, gateway) as at:
        await at.press(await at.paint(), "U1", courier=(courier := RecordingCourier()))
        (one,) = at.rows("SELECT id FROM jobs ORDER BY id DESC LIMIT 1")
        parent = await at.harness.services.job_service.find(str(one[0]))
        assert parent is not None
        fake.asks_again = True
        await at.press(parent, "Custom Zoom", prompt="red --zoom 2", courier=courier)
        assert [len(result.pictures) for result in courier.results] == [1, 4]
        assert fake.sent("modal") == [{"taskId": "1002", "prompt": "red --zoom 2"}]


# --- speeds -----------------------------------------------------------------------------------


PREFIXES = ("/mj-fast", "/mj-relax", "/mj-turbo")


@pytest.mark.parametrize("silent", [False, True])
async def test_an_action_has_the_speed_of_its_picture(
    tmp_path: Path, gateway: ScriptedGateway, silent: bool
) -> None:
    """Its paths begin like those of the model, and its parent is named by its bare id."""
    async with proxy(asks=["variation"], silent=silent, prefixes=PREFIXES) as fake:
        async with opened(tmp_path, fake, gateway, **speeds(tmp_path, fake.url)) as at:
            parent = await at.paint(model="mj-relax")
            await at.press(parent, "V2", courier=(courier := RecordingCourier()))
            assert [len(result.pictures) for result in courier.results] == [4]
            assert len(courier.results[0].actions) == 9
            found = at.rows("SELECT DISTINCT task_id FROM task_buttons ORDER BY task_id")
        assert {path.partition("/mj/")[0] for path in fake.paths} == {"/mj-relax"}
        assert fake.sent("action") == [{"taskId": "1000", "customId": mj.OF_GRID["V2"]}]
        assert fake.sent("modal") == [{"taskId": "1001", "prompt": "a fox --v 7"}]
        assert found == [("1000",), ("1001",)]
        assert fake.paid == 2


async def test_speeds_have_credits_of_their_own(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """What waits longer costs less, and so does what is done with it."""
    async with proxy(prefixes=PREFIXES) as fake:
        changes = speeds(tmp_path, fake.url)
        text = changes["gateways_file"].read_text()
        dear = text.replace('"Midjourney (turbo)"', '"Midjourney (turbo)"\ncredits = 2')
        changes["gateways_file"].write_text(dear)
        async with opened(tmp_path, fake, gateway, **changes) as at:
            parent = await at.paint(model="mj-turbo")
            await at.press(parent, "U1", courier=RecordingCourier())
            await at.paint(model="mj-fast")
            assert at.rows(CHARGED) == [(2, 2), (2, 2), (1, 1)]


async def test_a_lost_reply_to_the_prompt_is_polled(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """It may have been taken: a second one would be paid twice."""
    async with proxy(asks=["variation"]) as fake, opened(tmp_path, fake, gateway) as at:
        parent = await at.paint()
        fake.lost = 1
        await at.press(parent, "V1", courier=(courier := RecordingCourier()))
        assert [len(result.pictures) for result in courier.results] == [4]
        assert (len(fake.sent("modal")), fake.paid) == (1, 2)


REFUSED = {
    "unknown parent": (mj.UNKNOWN_PARENT, GatewayErrorKind.ACTION_EXPIRED),
    "unfinished parent": (mj.UNFINISHED_PARENT, GatewayErrorKind.ACTION_EXPIRED),
    "unknown id": (mj.UNKNOWN_ACTION, GatewayErrorKind.UPSTREAM),
    "queue full": (mj.FULL, GatewayErrorKind.RATE_LIMITED),
    "banned": (mj.BANNED, GatewayErrorKind.MODERATION),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_a_refused_action_costs_nothing(
    tmp_path: Path, gateway: ScriptedGateway, why: str
) -> None:
    """The hold is released, and the gateway goes on for others: nothing is suspended for long."""
    reply, kind = REFUSED[why]
    async with proxy() as fake, opened(tmp_path, fake, gateway) as at:
        parent = await at.paint()
        fake.refusals = [reply]
        await at.press(parent, "U1", courier=(courier := RecordingCourier()))
        (told,) = courier.failures
        assert isinstance(told.error, GatewayFailure)
        assert told.error.kind is kind
        assert at.rows(CHARGED) == [(1, 1), (0, 0)]
        assert fake.paid == 1


async def test_a_refused_prompt_costs_nothing(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """Nothing is painted by the action alone."""
    async with proxy(asks=["variation"]) as fake, opened(tmp_path, fake, gateway) as at:
        parent = await at.paint()
        request = await at.request(parent, "V1")
        fake.refusals = [mj.submit_reply(21, "Waiting", "1001"), mj.BANNED]
        fake.tasks["1001"] = mj.FakeTask("1001", "", is_grid=True, status="MODAL")
        await at.submit(request, courier := RecordingCourier())
        await at.harness.services.job_service.drained()
        (told,) = courier.failures
        assert isinstance(told.error, GatewayFailure)
        assert told.error.kind is GatewayErrorKind.MODERATION
        assert at.rows(CHARGED) == [(1, 1), (0, 0)]


async def test_two_people_press_one_button_at_once(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """One job runs, whoever was first; when it has ended, the button may be pressed again."""
    async with proxy() as fake, opened(tmp_path, fake, gateway) as at:
        parent = await at.paint()
        request = await at.request(parent, "U1")
        service = at.harness.services.job_service
        fake.gate.clear()
        await service.submit(request, ADA, RecordingCourier())
        with pytest.raises(ActionRuns):
            await service.submit(request, BEN, RecordingCourier())
        fake.gate.set()
        await service.drained()
        await service.submit(request, BEN, RecordingCourier())
        await service.drained()
        assert len(fake.sent("action")) == 2


async def test_a_button_that_is_recorded_no_more_has_expired(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Nothing is held and no job is written for what the database does not know."""
    async with proxy() as fake, opened(tmp_path, fake, gateway) as at:
        parent = await at.paint()
        request = await at.request(parent, "U1")
        with connected(tmp_path) as database:
            database.execute("DELETE FROM task_buttons")
        with pytest.raises(ActionExpired):
            await at.submit(request, RecordingCourier())
        assert at.rows("SELECT COUNT(*) FROM jobs") == [(1,)]


async def test_a_button_whose_kind_is_shown_no_more_has_expired(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The operator has taken it out of the table."""
    async with proxy() as fake:
        async with opened(tmp_path, fake, gateway) as at:
            parent = await at.paint()
        gone = actions(tmp_path, fake.url, ("MJ::JOB::upsample::", "MJ::JOB::other::"))
        async with opened(tmp_path, fake, gateway, **gone) as at:
            shown = await at.harness.services.actions.now_offered(parent, server_id=10)
            assert [each.face for each in shown] == ["🔄", "V1", "V2", "V3", "V4"]
            with pytest.raises(ActionExpired):
                await at.harness.services.actions.pressed(parent, 0, 1, server_id=10)


async def test_no_other_gateway_is_asked(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """It does not know the task: it would refuse it, or do something with another one."""
    async with proxy() as one, proxy() as two:
        both = actions(tmp_path, one.url)
        keys = both["gateways"] | {"second": both["gateways"]["midjourney"]}
        second = table(two.url).replace("gateways.midjourney", "gateways.second")
        both["gateways_file"].write_text(f"{table(one.url)}\n{second}")
        both["gateways_file"].rename(tmp_path / "both.toml")
        changes = both | {"gateways": keys, "gateways_file": tmp_path / "both.toml"}
        async with opened(tmp_path, one, gateway, **changes) as at:
            parent = await at.paint()
            request = await at.request(parent, "U1")
            one.refusals = [mj.FULL]
            await at.submit(request, courier := RecordingCourier())
            await at.harness.services.job_service.drained()
        assert [failure.charged for failure in courier.failures] == [0]
        assert two.orders == []


async def test_a_kind_has_credits_and_a_price_of_its_own(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """An upscale that costs the operator half as much, and people twice as much."""
    priced = ('name = "pick"', 'name = "pick", credits = 2, price = 0.05')
    async with proxy() as fake:
        changes = actions(tmp_path, fake.url, priced)
        async with opened(tmp_path, fake, gateway, **changes) as at:
            parent = await at.paint(courier := RecordingCourier())
            (result,) = courier.results
            assert [each.credits for each in result.actions] == [2, 2, 2, 2, 1, 1, 1, 1, 1]
            await at.press(parent, "U1", courier=RecordingCourier())
            assert at.rows(CHARGED) == [(1, 1), (2, 2)]
            assert at.rows("SELECT price FROM costs ORDER BY job_id") == [(None,), (50_000,)]


# --- after a kill -----------------------------------------------------------------------------


async def leave(
    folder: Path,
    fake: mj.FakeButtons,
    gateway: ScriptedGateway,
    state: tuple[str, int],
    *,
    model: str = "midjourney",
    **changes: Any,
) -> None:
    """Let a process end when an action's attempt is in this state."""
    async with opened(folder, fake, gateway, **changes) as at:
        parent = await at.paint(model=model)
        request = await at.request(parent, "V2", "red")
        fake.gate.clear()
        await at.submit(request, HangingCourier())
        await until(lambda: at.rows(STATES) == [state] and len(fake.sent("modal")) == state[1])


@pytest.mark.parametrize("asks", [[], ["variation"]])
async def test_an_action_that_was_under_way_is_polled_on(
    tmp_path: Path, gateway: ScriptedGateway, asks: list[str]
) -> None:
    """Its task is known; what was sent to it is not sent again."""
    async with proxy(asks=asks) as fake:
        await leave(tmp_path, fake, gateway, ("task", len(asks)))
        fake.gate.set()
        async with opened(tmp_path, fake, gateway) as at:
            await recover(at.harness, courier := RecordingCourier())
            assert [len(result.pictures) for result in courier.results] == [4]
            assert at.rows(CHARGED) == [(1, 1), (1, 1)]
        assert (len(fake.sent("action")), len(fake.sent("modal"))) == (1, len(asks))
        assert fake.paid == 2


@pytest.mark.parametrize("asks", [[], ["variation"]])
async def test_an_action_goes_on_where_its_model_is_no_longer_offered(
    tmp_path: Path, gateway: ScriptedGateway, asks: list[str]
) -> None:
    """The operator has renamed it meanwhile: the picture may be paid, and comes all the same."""
    async with proxy(asks=asks) as fake:
        await leave(tmp_path, fake, gateway, ("task", len(asks)))
        fake.gate.set()
        renamed = actions(tmp_path, fake.url, ("abilities.midjourney", "abilities.other"))
        text = renamed["gateways_file"].read_text()
        renamed["gateways_file"].write_text(text.replace('["midjourney"]', '["other"]'))
        async with opened(tmp_path, fake, gateway, **renamed) as at:
            await recover(at.harness, courier := RecordingCourier())
            assert [len(result.pictures) for result in courier.results] == [4]
            assert at.rows(CHARGED) == [(1, 1), (1, 1)]


@pytest.mark.parametrize("still_asks", [False, True])
async def test_a_region_whose_mask_is_gone_goes_on_unless_it_is_asked_for(
    tmp_path: Path, gateway: ScriptedGateway, still_asks: bool
) -> None:
    """What is painted already may be paid; to what waits for the mask, nothing is sent without."""
    async with proxy(silent=True) as fake:
        async with opened(tmp_path, fake, gateway) as at:
            await at.press(await at.paint(), "U1", courier=RecordingCourier())
            (newest,) = at.rows("SELECT MAX(id) FROM jobs")
            one = await at.harness.services.job_service.find(str(newest[0]))
            assert one is not None
            kept = await at.harness.services.retention.kept_references(one.id)
            request = replace(await at.request(one, "🖌️"), references=(kept[1],))
            fake.poll_gate.clear()
            mask = Attachments(mask=upload(mask_bytes(size=(32, 32))))
            service = at.harness.services.job_service
            await service.submit(request, ADA, HangingCourier(), attached=mask)
            await until(lambda: at.rows(STATES) == [("task", 0)])
            ((written,),) = at.rows("SELECT request FROM jobs ORDER BY id DESC LIMIT 1")
        (file,) = tmp_path.rglob(f"{json.loads(written)['mask']['sha256']}*")
        file.unlink()
        if not still_asks:
            fake.tasks["1002"].status = "IN_PROGRESS"
        fake.poll_gate.set()
        async with opened(tmp_path, fake, gateway) as at:
            await recover(at.harness, courier := RecordingCourier())
            assert len(courier.results) == (not still_asks)
            assert at.rows(CHARGED)[2:] == [(0, 0) if still_asks else (1, 1)]
        assert (len(fake.sent("action")), fake.sent("modal")) == (2, [])


@pytest.mark.parametrize("asks", [[], ["variation"]])
async def test_after_a_restart_it_has_its_speed(
    tmp_path: Path, gateway: ScriptedGateway, asks: list[str]
) -> None:
    """The next process polls below the same prefix, and its buttons have the bare id."""
    async with proxy(asks=asks, prefixes=PREFIXES) as fake:
        changes = speeds(tmp_path, fake.url)
        began = ("task", len(asks))
        await leave(tmp_path, fake, gateway, began, model="mj-turbo", **changes)
        fake.gate.set()
        async with opened(tmp_path, fake, gateway, **changes) as at:
            await recover(at.harness, courier := RecordingCourier())
            assert [len(result.pictures) for result in courier.results] == [4]
            found = at.rows("SELECT DISTINCT task_id FROM task_buttons ORDER BY task_id")
        assert {path.partition("/mj/")[0] for path in fake.paths} == {"/mj-turbo"}
        assert found == [("1000",), ("1001",)]
        assert (len(fake.sent("action")), len(fake.sent("modal"))) == (1, len(asks))


async def test_what_asks_back_after_a_restart_is_answered_by_its_id(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The task is known by its path: the prompt goes to the id in it, at the same speed."""
    async with proxy(asks=["variation"], silent=True, prefixes=PREFIXES) as fake:
        changes = speeds(tmp_path, fake.url)
        async with opened(tmp_path, fake, gateway, **changes) as at:
            parent = await at.paint(model="mj-fast")
            request = await at.request(parent, "V2")
            fake.poll_gate.clear()
            await at.submit(request, HangingCourier())
            await until(lambda: at.rows(STATES) == [("task", 0)])
        fake.poll_gate.set()
        async with opened(tmp_path, fake, gateway, **changes) as at:
            await recover(at.harness, courier := RecordingCourier())
            assert [len(result.pictures) for result in courier.results] == [4]
        assert fake.sent("modal") == [{"taskId": "1001", "prompt": "a fox --v 7"}]
        assert {path.partition("/mj/")[0] for path in fake.paths} == {"/mj-fast"}


async def test_a_grid_that_comes_late_has_its_buttons(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """They are there in the history, from where it can be posted again."""
    time = late.QuickTime()
    async with proxy() as fake:
        changes = actions(tmp_path, fake.url)
        async with late.process(tmp_path, gateway, time, **changes) as harness:
            at = Actions(harness, fake)
            fake.gate.clear()
            parent = await at.paint(courier := RecordingCourier())
            assert courier.results == []
            fake.gate.set()
            for task in fake.tasks.values():
                task.left = 1  # a late look asks once
            time.ms += late.HOUR_MS
            await harness.services.late_tasks.look(late.opening(courier), late.known)
            shown = await harness.services.actions.now_offered(parent, server_id=10)
    assert len(shown) == 9


@asynccontextmanager
async def first_slot_late(
    folder: Path, gateway: ScriptedGateway
) -> AsyncIterator[tuple[ServiceHarness, Job]]:
    """Paint two grids, of which that of the first slot comes late: its pictures are 5 to 8."""
    time, courier = late.QuickTime(), RecordingCourier()
    async with proxy() as fake:
        changes = actions(folder, fake.url)
        async with late.process(folder, gateway, time, **changes) as harness:
            at = Actions(harness, fake)
            fake.poll_gate.clear()
            options = ImageOptions(prompt="a fox", n=2)
            job = await at.submit(harness.services.catalogue.build_request(options), courier)
            await until(lambda: len(at.rows(TASKS)) == 2)
            first, second = (fake.tasks[task_id] for _, task_id in at.rows(TASKS))
            first.left, second.left = 1_000, 1
            fake.poll_gate.set()
            await harness.services.job_service.drained()
            assert [len(result.pictures) for result in courier.results] == [4]
            first.left = 1
            time.ms += late.HOUR_MS
            await harness.services.late_tasks.look(late.opening(courier), late.known)
            assert at.rows("SELECT COUNT(*) FROM pictures") == [(8,)]
            yield harness, job


@pytest.mark.parametrize("expired", [False, True])
async def test_a_picture_has_the_buttons_of_its_own_task_where_another_came_late(
    tmp_path: Path, gateway: ScriptedGateway, expired: bool
) -> None:
    """Whoever presses one below a picture pays for that picture, whatever came or went first."""
    async with first_slot_late(tmp_path, gateway) as (harness, job):
        offers = harness.services.actions
        if expired:
            with connected(tmp_path) as database:
                database.execute("DELETE FROM pictures WHERE number < 5")
        expected = {5: (0, 2)} if expired else {1: (1, 1), 5: (0, 2)}
        for number, (slot, unit) in expected.items():
            shown = await offers.offered_for(job, number, server_id=10)
            assert {(each.slot, each.unit) for each in shown} == {(slot, unit)}
            pressed = await offers.pressed(job, slot, 1, server_id=10)
            assert await offers.picture_of(job, pressed) == number
        under_result = await offers.now_offered(job, server_id=10)
        assert {(each.slot, each.unit) for each in under_result} == set(expected.values())


async def test_a_picture_whose_task_is_unknown_has_no_buttons(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Of several tasks, any might be the wrong one."""
    async with first_slot_late(tmp_path, gateway) as (harness, job):
        with connected(tmp_path) as database:
            database.execute("UPDATE pictures SET slot = NULL")
        offers = harness.services.actions
        assert await offers.now_offered(job, server_id=10) == ()
        assert await offers.offered_for(job, 1, server_id=10) == ()


async def test_nothing_is_sent_to_a_task_that_asks_back_late(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """The prompt may have arrived: whoever looks later only looks."""
    time = late.QuickTime()
    async with proxy(asks=["variation"]) as fake:
        changes = actions(tmp_path, fake.url, ("budget_s = 60", "budget_s = 2000"))
        async with late.process(tmp_path, gateway, time, **changes) as harness:
            at = Actions(harness, fake)
            parent = await at.paint()
            request = await at.request(parent, "V1")
            fake.gate.clear()
            await at.submit(request, courier := RecordingCourier())
            await harness.services.job_service.drained()
            assert [failure.charged for failure in courier.failures] == [0]
            time.ms += late.HOUR_MS
            await harness.services.late_tasks.look(late.opening(courier), late.known)
            assert len(fake.sent("modal")) == 1
            fake.gate.set()
            fake.tasks["1001"].left = 1
            time.ms += late.HOUR_MS
            await harness.services.late_tasks.look(late.opening(courier), late.known)
            assert at.rows(CHARGED) == [(1, 1), (1, 1)]
    assert (len(fake.sent("modal")), fake.paid) == (1, 2)
