"""A reload of the running bot: what changes, what goes on as it was, and what changes nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TextIO

import pytest

from tests.cli.live_bot import (
    KeyedGateway,
    keyed_gateway,
    live_bot,
    starting_bot,
    table,
    until,
    write_settings,
)

OLD_KEY, NEW_KEY = "sk-planted-old-key-0001", "sk-planted-new-key-0002"
BUDGET = "50/month"


@pytest.fixture
async def painter() -> AsyncIterator[KeyedGateway]:
    async with keyed_gateway() as gateway:
        yield gateway


@pytest.fixture
async def other() -> AsyncIterator[KeyedGateway]:
    async with keyed_gateway() as gateway:
        yield gateway


async def test_a_gateway_is_added_while_the_bot_runs(
    tmp_path: Path, painter: KeyedGateway, other: KeyedGateway
) -> None:
    """Nobody waits for a restart, and nobody's picture is lost to one."""
    write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=OLD_KEY)
    async with live_bot(tmp_path) as bot:
        assert await bot.suggested() == ["dall-e-3"]
        both = table("one", painter, "dall-e-3") + table("two", other, "gpt-image-2")
        keys = {"GATEWAYS__ONE__API_KEY": OLD_KEY, "GATEWAYS__TWO__API_KEY": NEW_KEY}
        write_settings(tmp_path, both, **keys)
        ended = await bot.reload()
        said = (
            "Reloaded: gateways: 2, models: 2 (new: gpt-image-2), "
            "forbidden words and expressions: 0, log level INFO.\n"
        )
        assert (ended.code, ended.out, ended.err) == (0, said, "")
        assert await bot.suggested() == ["dall-e-3", "gpt-image-2"]
        await bot.painted(await bot.ask("a fox", "gpt-image-2"))
        assert other.posts == [(NEW_KEY, "a fox", "gpt-image-2")]
        assert painter.posts == []
        assert bot.logged("reload.done")[0]["sentence"] == said.strip()


async def test_a_new_key_is_for_new_requests_and_an_open_task_keeps_the_old_one(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """The key of another account does not know the task, which is paid for."""
    write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=OLD_KEY)
    async with live_bot(tmp_path) as bot:
        task = await bot.ask("a fox as task")
        await until(lambda: bool(painter.polls))
        write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=NEW_KEY)
        assert (await bot.reload()).code == 0
        await bot.painted(await bot.ask("a hen"))
        polls = len(painter.polls)
        await until(lambda: len(painter.polls) > polls + 1)
        painter.tasks_done.set()
        await bot.painted(task)
        assert painter.keys("a fox as task") == [OLD_KEY]
        assert painter.keys("a hen") == [NEW_KEY]
        assert set(painter.polls) == {OLD_KEY}


async def test_a_refused_key_is_mended_by_a_reload_and_never_logged(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """The gateway rests for ten minutes after it refused the key: not the one with a new key."""
    painter.refused_keys.update({OLD_KEY, NEW_KEY})
    key = {"GATEWAYS__ONE__API_KEY": OLD_KEY, "LOG_LEVEL": "DEBUG"}
    write_settings(tmp_path, table("one", painter, "dall-e-3"), **key)
    async with live_bot(tmp_path) as bot:
        await bot.ask("a fox")
        await bot.until_logged("gateway.down")
        key["GATEWAYS__ONE__API_KEY"] = NEW_KEY
        write_settings(tmp_path, table("one", painter, "dall-e-3"), **key)
        assert (await bot.reload()).code == 0
        await bot.ask("a hen")
        await bot.until_logged("gateway.down", 2)
        key["GATEWAYS__ONE__API_KEY"] = third = "sk-planted-third-key"
        write_settings(tmp_path, table("one", painter, "dall-e-3"), **key)
        assert (await bot.reload()).code == 0
        await bot.painted(await bot.ask("a cow"))
        assert [sent for sent, _, _ in painter.posts] == [OLD_KEY, NEW_KEY, third]
        everything = str(bot.log)
        assert not [one for one in (OLD_KEY, NEW_KEY, third) if one in everything]


async def test_what_was_asked_with_an_old_key_does_not_fail_for_it(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """Its request is under way when the key changes: refused, it is sent with the new one."""
    painter.refused_keys.add(OLD_KEY)
    painter.gate.clear()
    write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=OLD_KEY)
    async with live_bot(tmp_path) as bot:
        asked = await bot.ask("a fox")
        await until(lambda: bool(painter.posts))
        write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=NEW_KEY)
        assert (await bot.reload()).code == 0
        painter.gate.set()
        await bot.painted(asked)
        assert painter.keys("a fox") == [OLD_KEY, NEW_KEY]
        assert bot.logged("gateway.down") == []


async def test_a_removed_gateway_still_brings_what_it_was_asked_for(
    tmp_path: Path, painter: KeyedGateway, other: KeyedGateway
) -> None:
    """Its models are neither suggested nor accepted; its task is polled with its key."""
    prices = "".join(
        f'[gateways.{name}.abilities."{model}"]\nprice = 0.25\n'
        for name, model in (("one", "dall-e-3"), ("two", "gpt-image-2"))
    )
    both = table("one", painter, "dall-e-3") + table("two", other, "gpt-image-2")
    keys = {"GATEWAYS__ONE__API_KEY": OLD_KEY, "GATEWAYS__TWO__API_KEY": NEW_KEY}
    write_settings(tmp_path, both + prices, OPERATOR_BUDGET=BUDGET, **keys)
    async with live_bot(tmp_path) as bot:
        task = await bot.ask("a fox as task", "gpt-image-2")
        await until(lambda: bool(other.polls))
        del keys["GATEWAYS__TWO__API_KEY"]
        first = table("one", painter, "dall-e-3") + prices.partition("[gateways.two")[0]
        write_settings(tmp_path, first, OPERATOR_BUDGET=BUDGET, **keys)
        ended = await bot.reload()
        assert "gateways: 1, models: 1 (gone: gpt-image-2)" in ended.out
        assert await bot.suggested() == ["dall-e-3"]
        refused = await bot.answered(await bot.ask("a hen", "gpt-image-2"))
        assert "There is no model called gpt-image-2 here" in refused.content
        other.tasks_done.set()
        await bot.painted(task)
        assert set(other.polls) == {NEW_KEY}
        assert len(other.posts) == 1
        await until(lambda: bot.rows("SELECT price FROM costs") == [(250_000,)])


WRONG = {
    "TOML": ("[gateways.one\n", {}, "gateways.toml is not valid TOML: "),
    "key": ('[gateways.one]\nkeyy = "x"\n', {}, "[gateways.one], has an unknown key keyy"),
    "address": ('[gateways.one]\nbase_url = "x"\nmodels = []\n', {}, "models must name at least"),
    "table": ("", {}, "gateways.toml has no table"),
    "file": (
        None,
        {"GATEWAYS_FILE": "nowhere.toml"},
        "GATEWAYS_FILE cannot be read (nowhere.toml)",
    ),
    "level": (None, {"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is wrong"),
    "another setting": (None, {"MAX_DISK": "plenty"}, "MAX_DISK is wrong"),
    "key of nobody": (None, {"GATEWAYS__TWO__API_KEY": "x"}, "GATEWAYS__TWO__API_KEY names a"),
    "words": (None, {"MODERATION_FILE": "words.txt"}, "MODERATION_FILE (words.txt), line 2, "),
    "no words": (None, {"MODERATION_FILE": "x.txt"}, "MODERATION_FILE cannot be read (x.txt)"),
    "both ways": (None, {"IMAGE_API_URL": "http://x/v1"}, "IMAGE_API_URL and GATEWAYS_FILE are"),
}


async def test_what_is_wrong_changes_nothing_and_is_named(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """Half a reload would leave a bot that nobody has described."""
    prices = '[gateways.one.abilities."dall-e-3"]\nprice = 0.25\n'
    right = table("one", painter, "dall-e-3") + prices
    budget = {"OPERATOR_BUDGET": BUDGET, "GATEWAYS__ONE__API_KEY": OLD_KEY}
    write_settings(tmp_path, right, **budget)
    (tmp_path / "words.txt").write_text("fox\n/(a+)+$/\n")
    unpriced = right.replace('"dall-e-3"]\npoll', '"dall-e-3", "gpt-image-2"]\npoll')
    cases = {
        **WRONG,
        "price": (unpriced, {}, "the gateway one has none for gpt-image-2"),
    }
    async with live_bot(tmp_path) as bot:
        for number, (name, (text, variables, words)) in enumerate(cases.items(), 1):
            new = {**budget, "GATEWAYS__ONE__API_KEY": NEW_KEY, "LOG_LEVEL": "ERROR", **variables}
            write_settings(tmp_path, right if text is None else text, **new)
            if name == "file":
                (tmp_path / "gateways.toml").unlink()
            ended = await bot.reload()
            assert (ended.code, ended.out) == (1, ""), name
            assert ended.err.startswith("Nothing was reloaded. "), name
            assert words in ended.err, name
            logged = await bot.until_logged("reload.refused", number)
            assert words in logged["sentence"], name
            assert await bot.suggested() == ["dall-e-3"], name
            await bot.painted(await bot.ask(f"a fox {number}"))
            assert painter.posts[-1] == (OLD_KEY, f"a fox {number}", "dall-e-3"), name
        # Everything that is wrong is told at once, and what is right again is taken.
        write_settings(tmp_path, right, **budget, LOG_LEVEL="LOUD", MAX_DISK="much")
        told = (await bot.reload()).err
        assert "LOG_LEVEL is wrong" in told
        assert "MAX_DISK is wrong" in told
        write_settings(tmp_path, right, **budget, LOG_LEVEL="ERROR")
        assert (await bot.reload()).code == 0
        assert bot.logged("reload.done") == []  # which is below the new level


async def test_reloads_under_load_lose_and_double_nothing(
    tmp_path: Path, painter: KeyedGateway, other: KeyedGateway
) -> None:
    """Fifty people wait for their pictures while the operator changes keys and gateways."""
    first, second = table("one", painter, "dall-e-3"), table("two", other, "dall-e-3")
    limited = second.replace("poll", "max_at_once = 3\npoll")
    write_settings(tmp_path, first, GATEWAYS__ONE__API_KEY=OLD_KEY)
    keys = {"GATEWAYS__ONE__API_KEY": NEW_KEY, "GATEWAYS__TWO__API_KEY": NEW_KEY}
    asked = []
    async with live_bot(tmp_path) as bot:
        painter.tasks_done.set()
        other.tasks_done.set()
        for number in range(50):
            kind = " as task" if number % 3 == 0 else ""
            asked.append(await bot.ask(f"picture {number}{kind}"))
            if number % 10 == 5:
                painter.gate.clear()
            if number % 10 == 9:
                text = (first, limited + first, second + first)[number // 10 % 3]
                given = keys if "two" in text else {"GATEWAYS__ONE__API_KEY": OLD_KEY}
                write_settings(tmp_path, text, **given)
                bot.hang_up()
                painter.gate.set()
        for each in asked:
            await bot.painted(each)
        await bot.until_logged("reload.done")
        ended = "SELECT COUNT(*) FROM jobs WHERE state = 'delivered' OR state = 'done'"
        await until(lambda: bot.rows(ended) == [(50,)])
        sent = [prompt for _, prompt, _ in painter.posts + other.posts]
        assert len(sent) == len(set(sent)) == 50
        assert bot.rows("SELECT COUNT(*), SUM(credits) FROM charges WHERE state = 'settled'") == [
            (50, 50)
        ]
        assert bot.rows("SELECT COUNT(*) FROM attempts WHERE state <> 'received'") == [(0,)]
        assert other.posts, "no request came after a reload"


async def test_a_word_is_forbidden_while_the_bot_runs(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """What is asked from then on is declined, and the word is not named."""
    given = {"GATEWAYS__ONE__API_KEY": OLD_KEY, "MODERATION_FILE": "words.txt"}
    write_settings(tmp_path, table("one", painter, "dall-e-3"), **given)
    (tmp_path / "words.txt").write_text("hen\n")
    async with live_bot(tmp_path) as bot:
        await bot.painted(await bot.ask("a fox"))
        (tmp_path / "words.txt").write_text("fox\n/c[o0]w/\n")
        assert "forbidden words and expressions: 2" in (await bot.reload()).out
        for prompt in ("a fox", "a c0w"):
            declined = await bot.answered(await bot.ask(prompt))
            assert (declined.embeds, declined.files) == ([], {})
            assert prompt not in declined.content
        await bot.painted(await bot.ask("a hen"))
        assert [prompt for _, prompt, _ in painter.posts] == ["a fox", "a hen"]


def pipe_instead_of(path: Path) -> Path:
    """Put a pipe where a file is: whoever reads it waits for a writer."""
    path.unlink()
    os.mkfifo(path)
    return path


async def once_read(path: Path) -> TextIO:
    """Return what is written to whoever is reading, and leave a new pipe to the next one."""
    file = await asyncio.to_thread(path.open, "w")
    pipe_instead_of(path)
    return file


async def test_an_answer_is_of_a_reload_that_began_after_it_was_asked_for(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """Or an operator is told that their change is in force, while it was not read."""
    write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=OLD_KEY)
    async with live_bot(tmp_path) as bot:
        path = pipe_instead_of(tmp_path / "gateways.toml")
        first = asyncio.create_task(bot.reload())
        with await once_read(path) as file:
            second = asyncio.create_task(bot.reload())
            locks = tmp_path / "data" / "easel.db-locks"
            await until(lambda: len([*locks.glob("*.request")]) == 2)
            file.write(table("one", painter, "dall-e-3"))
        assert "new" not in (await first).out
        with await once_read(path) as file:
            file.write(table("one", painter, "x"))
        assert "(new: x; gone: dall-e-3)" in (await second).out


async def test_two_reloads_at_once_are_both_answered(tmp_path: Path, painter: KeyedGateway) -> None:
    """Each of two operators hears of the state that includes their own change."""
    write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=OLD_KEY)
    async with live_bot(tmp_path) as bot:
        write_settings(tmp_path, table("one", painter, "x"), GATEWAYS__ONE__API_KEY=OLD_KEY)
        both = await asyncio.gather(bot.reload(), bot.reload())
        assert [ended.code for ended in both] == [0, 0]
        assert all("models: 1" in ended.out for ended in both)
        assert await bot.suggested() == ["x"]
        bot.hang_up()
        bot.hang_up()
        await bot.until_logged("reload.done", 2)
        assert await bot.suggested() == ["x"]
        left = {path.suffix for path in (tmp_path / "data" / "easel.db-locks").iterdir()}
        assert left == {".lock", ".pid"}


async def test_a_reload_during_the_start_waits_for_its_end(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """A signal that nobody hears yet would end the process."""
    write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=OLD_KEY)
    async with starting_bot(tmp_path) as bot:
        await until((tmp_path / "data").exists)
        write_settings(tmp_path, table("one", painter, "x"), GATEWAYS__ONE__API_KEY=OLD_KEY)
        bot.hang_up()
        await bot.until_logged("reload.done")
        await bot.until_connected()
        assert await bot.suggested() == ["x"]


async def test_a_signal_before_anybody_can_hear_it_waits(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """It would end the process, as a SIGHUP does that nobody asked for."""
    write_settings(tmp_path, "", GATEWAYS__ONE__API_KEY=OLD_KEY)
    path = pipe_instead_of(tmp_path / "gateways.toml")
    async with starting_bot(tmp_path) as bot:
        with await once_read(path) as check_before_the_start:
            bot.hang_up()
            check_before_the_start.write(table("one", painter, "dall-e-3"))
        with await once_read(path) as start:
            start.write(table("one", painter, "dall-e-3"))
        with await once_read(path) as reload:
            reload.write(table("one", painter, "x"))
        await bot.until_logged("reload.done")
        await bot.until_connected()
        assert await bot.suggested() == ["x"]


async def test_a_reload_during_the_stop_neither_ends_nor_delays_it(
    tmp_path: Path, painter: KeyedGateway
) -> None:
    """The picture that the stop waits for still comes."""
    write_settings(tmp_path, table("one", painter, "dall-e-3"), GATEWAYS__ONE__API_KEY=OLD_KEY)
    async with live_bot(tmp_path) as bot:
        painter.gate.clear()
        asked = await bot.ask("a fox")
        await until(lambda: bool(painter.posts))
        bot.process.terminate()
        await bot.until_logged("bot.stopping")
        assert (await bot.reload()).code == 0
        painter.gate.set()
        await bot.painted(asked)
        assert await asyncio.wait_for(bot.process.wait(), 60) == 0
        ended = await bot.reload()
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith("easel: No bot runs on the database")


async def test_what_a_reload_cannot_take_is_named(tmp_path: Path, painter: KeyedGateway) -> None:
    """An operator must not believe that a quota has changed, or a key of the environment."""
    write_settings(tmp_path, table("one", painter, "dall-e-3"))
    key = ("GATEWAYS__ONE__API_KEY", OLD_KEY)
    async with live_bot(tmp_path, env=[key]) as bot:
        new = {"SERVER_QUOTA": "5/day", "DATA_DIR": "elsewhere", "GATEWAYS__ONE__API_KEY": NEW_KEY}
        write_settings(tmp_path, table("one", painter, "dall-e-3"), **new)
        bot.hang_up()
        sentence = (await bot.until_logged("reload.done"))["sentence"]
        assert "DATA_DIR and SERVER_QUOTA changed, which needs a restart." in sentence
        assert "GATEWAYS__ONE__API_KEY is as at the start: a reload reads files" in sentence
        await bot.painted(await bot.ask("a fox"))
        assert painter.keys("a fox") == [OLD_KEY]
