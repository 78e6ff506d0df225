"""Two languages: each person reads their own, and a server's messages are in the server's."""

from dataclasses import replace
from datetime import date

import discord
import pytest
import simcord
from discord import Interaction, Locale

from bot.gateways.routing.operator_alerts import Retirement
from tests.cogs.discord_world import DiscordWorld, WorldBuilder, reply_embed, reply_text
from tests.cogs.history_page import HistoryPage
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_gateways import direct_messages
from tests.cogs.test_reroll_reaction import messages, react, rerollable_card
from tests.cogs.test_settings import facts
from tests.cogs.test_usage import shown_all
from tests.cogs.test_waiting import buttons, only_for_them, press

CHINESE = Locale.chinese


def clients_speak(
    world: DiscordWorld, person: Locale, server: Locale = Locale.american_english
) -> None:
    """Let everybody's Discord be in a language, and the server's; SimCord has English alone."""
    tree = world.bot.client.tree
    check = tree.interaction_check

    async def told(interaction: Interaction) -> bool:
        interaction.locale, interaction.guild_locale = person, server
        return await check(interaction)  # type: ignore[arg-type]  # it is this client's

    tree.interaction_check = told  # type: ignore[method-assign]  # what the library leaves open


async def prefers(world: DiscordWorld, who: simcord.MemberActor, language: str) -> discord.Embed:
    """Let somebody choose what I speak to them."""
    return reply_embed(await who.slash(world.channel, "preferences language", language=language))


async def server_speaks(world: DiscordWorld, language: str) -> None:
    """Let the admin choose what I speak to everybody."""
    await world.mia.slash(world.channel, "settings language", language=language)


async def finished_card(world: DiscordWorld, **options: object) -> discord.Embed:
    """Return the card of a request of Ada's when it is done."""
    await world.imagine(world.ada, "a fox", **options)
    await world.wait_for_jobs()
    return world.card.embeds[0]


# --- cards, which everybody reads ---------------------------------------------------------------


async def test_a_card_is_in_the_servers_language(world: DiscordWorld) -> None:
    """Ada's Discord is English, but the server is Chinese: everybody there reads the card."""
    clients_speak(world, Locale.american_english, CHINESE)
    card = await finished_card(world)
    assert card.author.name == "🖼️ Ada 的图片"
    assert str(card.footer.text).endswith(" · 1 点 · 今天剩余 19/20 点")
    card = await finished_card(world, n=3)
    assert card.author.name == "🖼️ Ada 的 3 张图片"
    assert " · 3 点 · 今天剩余 16/20 点" in str(card.footer.text)
    assert world.rows("SELECT DISTINCT locale FROM jobs") == [("zh-CN",)]


async def test_what_an_admin_chose_goes_before_the_servers_discord(world: DiscordWorld) -> None:
    """In both directions, at the next card."""
    await server_speaks(world, "zh-CN")
    assert (await finished_card(world)).author.name == "🖼️ Ada 的图片"
    clients_speak(world, CHINESE, CHINESE)
    await server_speaks(world, "en")
    assert (await finished_card(world)).author.name == "🖼️ A picture for Ada"
    assert (await finished_card(world, n=2)).author.name == "🖼️ 2 pictures for Ada"


async def test_what_a_person_prefers_changes_no_card(world: DiscordWorld) -> None:
    """The others read it, too."""
    await prefers(world, world.ada, "zh-CN")
    assert (await finished_card(world)).author.name == "🖼️ A picture for Ada"


async def test_a_failure_is_told_in_the_servers_language(world: DiscordWorld) -> None:
    """The card says what went wrong, and what it cost."""
    await server_speaks(world, "zh-CN")
    world.gateway.replies.append(ErrorReply(402, "insufficient_quota"))
    card = await finished_card(world)
    assert card.author.name == "⚠️ Ada 的图片没有画成"
    assert "余额已用完，请等待运营者充值；点数已退还给你。" in str(card.description)


async def test_a_waiting_card_is_in_the_servers_language(build: WorldBuilder) -> None:
    """The line and its button, as one."""
    async with build.world(declared=True, max_concurrent_jobs=1) as world:
        await server_speaks(world, "zh-CN")
        world.gateway.gate.clear()
        await world.imagine(world.ada)
        await world.imagine(world.ben)
        await world.env.advance_time(2)
        running, waiting = messages(world)
        assert running.embeds[0].author.name == "🎨 正在为 Ada 绘制"
        assert waiting.embeds[0].author.name == "⏳ Ben 的图片正在排队"
        assert (buttons(running), buttons(waiting)) == (["不再等待"], ["取消"])
        refusal = only_for_them(await press(world, world.ada, waiting))
        assert refusal.startswith("Only the person who asked")
        await prefers(world, world.ada, "zh-CN")
        refusal = only_for_them(await press(world, world.ada, waiting))
        assert refusal.startswith("只有请求的人和拥有“管理消息”权限的成员可以停止")
        world.gateway.gate.set()
        await world.wait_for_jobs()


async def test_a_reaction_is_answered_in_the_servers_language(world: DiscordWorld) -> None:
    """Discord does not tell which language who reacts reads, and everybody sees the answer."""
    await server_speaks(world, "zh-CN")
    card = await rerollable_card(world)
    await world.mia.slash(world.channel, "quota block", user=world.ben, reason="spam")
    await react(world, world.ben, card)
    assert "你被禁止在本服务器画图，如有误会" in str(world.card.content)
    await react(world, world.mia, card)
    assert world.title == "🖼️ Mia 的图片"


# --- answers, which one person reads ------------------------------------------------------------


async def test_a_person_reads_answers_in_their_own_language(world: DiscordWorld) -> None:
    """Refusals, credits, the history and choices: all of them use the same language."""
    clients_speak(world, CHINESE)
    card = await finished_card(world, n=2)
    assert card.author.name == "🖼️ 2 pictures for Ada"
    refusal = await world.imagine(world.ada, model="dall-e-9")
    assert reply_text(refusal).startswith("这里没有名为 dall-e-9 的模型，请从这些模型中选择：")
    limits, jobs = shown_all(await world.ada.slash(world.channel, "usage"))
    assert (limits.author.name, limits.fields[0].name) == ("🎟️ Ada 的点数", "默认限额，每天")
    frees_at = world.now() // 1000 + 24 * 3600
    assert limits.fields[0].value == f"剩余 **18/20** 点 · 已用 2 · <t:{frees_at}:R>开始恢复"
    assert "🖼️ 已画好" in str(jobs.description)
    history = await HistoryPage.open(world, world.ada)
    assert history.message.content == "🗂️ **你的请求**，最新的在前"
    assert history.facts[0].startswith("-# 🖼️ 2 张图片 · 2 点 · <t:")
    nothing = await HistoryPage.open(world, world.ada, text="猫")
    assert str(nothing.message.content).startswith("没有找到符合条件的请求")
    assert nothing.buttons == {"✕ “猫”": True}
    offered = await world.ada.autocomplete(world.channel, "imagine", "model", "dall")
    assert offered[0] == {"name": "DALL·E 3 · 1 点 · 默认", "value": "dall-e-3"}


async def test_an_admin_reads_answers_in_their_own_language(world: DiscordWorld) -> None:
    """/quota and /settings answer whoever typed, not the server."""
    clients_speak(world, CHINESE)
    answer = await world.mia.slash(world.channel, "quota set", credits=1, per="day")
    assert reply_text(answer) == "所有人：现在每天可用 1 点。"
    answer = await world.mia.slash(
        world.channel, "quota set", credits=1_200, per="month", user=world.ben
    )
    assert reply_text(answer) == f"<@{world.ben.id}>：现在每月可用 1,200 点。"
    answer = await world.mia.slash(
        world.channel, "quota grant", user=world.ada, credits=5, reason="best fox"
    )
    assert reply_text(answer) == f"<@{world.ada.id}> 现有 5 点额外点数，自己的限额用完后使用。"
    limits = reply_embed(await world.mia.slash(world.channel, "quota show"))
    assert str(limits.description).startswith("**所有人** · 每天 1 点\n")
    changes = reply_embed(await world.mia.slash(world.channel, "quota audit"))
    assert (changes.title, "额外点数" in str(changes.description)) == ("📜 限额与点数变更", True)
    costs = reply_embed(await world.mia.slash(world.channel, "quota cost"))
    assert str(costs.description).startswith("```\n模型")
    answer = await world.mia.slash(world.channel, "quota cost", model="dall-e-3", credits=2)
    assert reply_text(answer) == "dall-e-3 的图片从现在起在这里每张 2 点。"
    settings = await world.mia.slash(world.channel, "settings show")
    assert reply_embed(settings).title == "⚙️ 本服务器的设置"
    assert facts(settings)["语言"].startswith("与 Discord 相同 · </settings language:")


@pytest.mark.parametrize(
    ("credits", "used", "said_of_it"),
    [(1, 1, "每天 1 点已全部用完（这里所有人的限额），请在 <t:"), (3, 2, "每天 3 点只剩 1 点")],
)
async def test_a_spent_limit_is_told_in_chinese(
    world: DiscordWorld, credits: int, used: int, said_of_it: str
) -> None:
    """Numbers and the moment at which to come back."""
    await world.mia.slash(world.channel, "quota set", credits=credits, per="day")
    await world.imagine(world.ada, n=used)
    await world.wait_for_jobs()
    clients_speak(world, CHINESE)
    assert reply_text(await world.imagine(world.ada, n=used)).startswith(said_of_it)


async def test_what_a_person_prefers_goes_before_their_discord(world: DiscordWorld) -> None:
    """At once, in both directions, and for them alone."""
    saved = await prefers(world, world.ada, "简体中文")
    assert saved.title == "✅ 已保存：你的偏好"
    assert saved.fields[-1].value == "简体中文"
    assert reply_text(await world.imagine(world.ada, size="7x7")).startswith(
        "dall-e-3 不支持尺寸 7x7"
    )
    assert "does not support the size 7x7" in reply_text(await world.imagine(world.ben, size="7x7"))
    await world.restart()
    clients_speak(world, CHINESE, CHINESE)
    assert "不支持尺寸 7x7" in reply_text(await world.imagine(world.ada, size="7x7"))
    assert (await prefers(world, world.ada, "en")).title == "✅ Saved: your preferences"
    assert "does not support the size 7x7" in reply_text(await world.imagine(world.ada, size="7x7"))
    assert "不支持尺寸 7x7" in reply_text(await world.imagine(world.ben, size="7x7"))


async def test_what_the_server_speaks_changes_no_answer(world: DiscordWorld) -> None:
    """Ada does not read Chinese, whatever her server does."""
    await server_speaks(world, "zh-CN")
    assert "does not support the size 7x7" in reply_text(await world.imagine(world.ada, size="7x7"))


@pytest.mark.parametrize("locale", [Locale.british_english, Locale.german, Locale.taiwan_chinese])
async def test_who_reads_none_of_our_languages_reads_english(
    world: DiscordWorld, locale: Locale
) -> None:
    """A language half right is worse than one that is nobody's."""
    clients_speak(world, locale, locale)
    assert "does not support the size 7x7" in reply_text(await world.imagine(world.ada, size="7x7"))
    assert (await finished_card(world)).author.name == "🖼️ A picture for Ada"


async def test_presets_are_answered_in_ones_own_language(world: DiscordWorld) -> None:
    """What people named stays as they named it."""
    clients_speak(world, CHINESE)
    answer = await world.ada.slash(world.channel, "preset save", name="水墨", prompt="山", n=2)
    assert reply_text(answer).startswith("已保存为 **水墨**。")
    page = reply_embed(await world.ada.slash(world.channel, "preset list"))
    assert page.title == "🔖 你的预设（1 个）"
    assert "2 张图片" in str(page.description)
    refusal = await world.ada.slash(world.channel, "preset use", name="油画")
    assert reply_text(refusal) == "你没有名为 油画 的预设，请从 /preset list 中选择。"


async def test_what_is_pressed_later_answers_in_the_language_of_that_time(
    world: DiscordWorld,
) -> None:
    """The list is from before; the person has changed their mind since."""
    await rerollable_card(world)
    listed = await HistoryPage.open(world, world.ada)
    await prefers(world, world.ada, "zh-CN")
    assert reply_text(await listed.post_again()) == "已重新发布。"


async def test_deleted_data_is_confirmed_in_the_language_that_was_just_deleted(
    world: DiscordWorld,
) -> None:
    """The preference goes with the rest; its last word is still in it."""
    await prefers(world, world.ada, "zh-CN")
    await rerollable_card(world)
    question = (await world.ada.slash(world.channel, "mydata delete")).response
    assert question is not None
    assert str(question.content).startswith("这会删除你在所有服务器请求过的一切")
    done = await world.ada.click(question, label="删除我的数据")
    assert done.response is not None
    assert done.response.content == "已完成：1 个请求及其图片都已删除。"
    assert "does not support the size 7x7" in reply_text(await world.imagine(world.ada, size="7x7"))


# --- outside of interactions --------------------------------------------------------------------


async def test_the_owner_is_told_in_the_language_that_they_prefer(world: DiscordWorld) -> None:
    """Nobody knows the language of their Discord when the bot writes first."""
    listener = world.bot.services.alerts.listener
    owner = (await world.bot.client.application_info()).owner
    assert listener is not None
    retirement = Retirement("openai", "gpt-image-1.5", date(2026, 12, 1))
    await listener(retirement)
    await world.bot.preference_store.change_person(owner.id, lambda p: replace(p, language="zh-CN"))
    await listener(retirement)
    english, chinese = direct_messages(world)
    assert "will retire the model" in english
    assert chinese.startswith("网关 openai 将于 2026-12-01 下线模型 gpt-image-1.5")


async def test_discord_is_told_the_commands_in_chinese(world: DiscordWorld) -> None:
    """Once, with all the rest."""
    (sync,) = (
        request
        for request in world.env.http_requests
        if request.method == "PUT" and request.path.endswith("/commands")
    )
    imagine = next(command for command in sync.json or () if command["name"] == "imagine")
    assert imagine["description_localizations"] == {"zh-CN": "根据文字描述生成图片"}
    assert imagine["options"][0]["description_localizations"] == {"zh-CN": "想画什么"}
