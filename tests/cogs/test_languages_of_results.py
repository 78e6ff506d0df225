"""Two languages under a result: buttons that everybody reads, forms and details for one person."""

import re
from collections.abc import Iterator

import discord
import pytest
import simcord

from tests.cogs.actions import (
    ephemeral_messages,
    ephemeral_text,
    finished_card,
    form_fields,
    newest_job_id,
    press,
    select_labels,
    submit_form,
)
from tests.cogs.discord_world import DiscordWorld, reply_embed
from tests.cogs.scripted_gateway import ErrorReply
from tests.cogs.test_languages import CHINESE, clients_speak, prefers, server_speaks
from tests.cogs.test_references import PNG


def buttons(message: discord.Message) -> list[list[str]]:
    """Return what stands on the buttons under a message, row by row."""
    return [
        [str(item.label or "") for item in row.children if isinstance(item, discord.Button)]
        for row in message.components
        if isinstance(row, discord.ActionRow)
    ]


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        ("en", [["Re-roll", "Edit", "Use"], ["Original", "Details", "", "", ""]]),
        ("zh-CN", [["再画一次", "编辑", "参考"], ["原图", "详情", "", "", ""]]),
    ],
)
async def test_the_buttons_are_in_the_servers_language(
    world: DiscordWorld, language: str, rows: list[list[str]]
) -> None:
    """Everybody sees them, and whoever presses reads the answer in their own."""
    await server_speaks(world, language)
    card = await finished_card(world)
    assert buttons(card) == rows
    details = reply_embed(await press(world, world.ben, card, "details"))
    assert details.author.name == "ℹ️ Details"


async def test_details_are_in_the_language_of_who_presses(world: DiscordWorld) -> None:
    """Ada's card is English, Ben reads Chinese; the command is the same for both."""
    card = await finished_card(
        world, n=2, size="1024x1024", model="gpt-image-2", reference1=("x.png", PNG)
    )
    await prefers(world, world.ben, "zh-CN")
    details = reply_embed(await press(world, world.ben, card, "details"))
    assert details.author.name == "ℹ️ 详情"
    request, work, origin, command = details.fields
    assert [request.name, work.name, origin.name, command.name] == [
        "请求",
        "绘制",
        "来源",
        "可粘贴的命令",
    ]
    assert str(request.value).endswith("\n2 张图片\n1 张参考图")
    assert str(work.value).startswith("排队 0 秒\n绘制 0 秒\n2 点")
    assert "/imagine prompt:a fox model:gpt-image-2 size:1024x1024 n:2" in str(command.value)


async def test_the_form_is_in_the_language_of_who_opens_it(world: DiscordWorld) -> None:
    """Its title, its labels, what it offers and what it says when it is refused."""
    card = await finished_card(world, n=2, model="gpt-image-2", reference1=("x.png", PNG))
    await prefers(world, world.ben, "zh-CN")
    form = await press(world, world.ben, card, "edit")
    assert form.modal is not None
    assert form.modal["title"] == "修改后再画"
    labels = [part["label"] for part in form.modal["components"]]
    assert labels == ["提示词", "模型", "尺寸", "以什么为基础", "更多参考图"]
    assert form_fields(form)[2]["placeholder"] == "例如 16:9 或 1024x1024；留空则由模型决定"
    assert select_labels(form, "start") == [
        "只用提示词",
        "原来的参考图",
        "第 1 张图片",
        "第 2 张图片",
    ]
    refused = await submit_form(world, world.ben, form, prompt="雪中的狐狸", size="7x7")
    sentence, words = (str(each.content) for each in ephemeral_messages(refused))
    assert sentence.startswith("gpt-image-2 不支持尺寸 7x7")
    assert words == "这是你写的内容，可以复制：\n```\n雪中的狐狸\n```"


async def test_the_context_menu_answers_in_the_language_of_who_opens_it(
    world: DiscordWorld,
) -> None:
    """Its name is one for all in the code, and Discord shows each their own."""
    message = await world.ben.send(world.channel, "no picture here")
    clients_speak(world, CHINESE)
    answer = await world.ada.context_menu(world.channel, "Use as reference", message)
    assert ephemeral_text(answer) == "这条消息里没有图片，请选择一条带图片的消息。"
    card = await finished_card(world)
    form = await world.ada.context_menu(world.channel, "Use as reference", card)
    assert form.modal is not None
    assert form.modal["title"] == "用作参考图"
    assert form.modal["custom_id"].startswith(f"easel:edited:{newest_job_id(world)}:")


async def test_who_may_not_press_is_told_in_their_language(world: DiscordWorld) -> None:
    """The access rules apply to every call, and a refusal is in the reader's language."""
    card = await finished_card(world)
    await world.mia.slash(world.channel, "settings controls", who="requester")
    await prefers(world, world.ben, "zh-CN")
    refusal = "在本服务器，只有请求图片的人可以这样操作，请用 /imagine 自己画一张。"
    assert ephemeral_text(await press(world, world.ben, card, "again")) == refusal
    assert "only the person who asked" in ephemeral_text(
        await press(world, world.mia, card, "again")
    )


# Names, what people type, and what Discord itself shows otherwise.
SAME_IN_CHINESE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # the ids of jobs
    r"|https?://\S+|attachment://\S+|easel:\S+|<[@#t][^>]*>|```[^`]*```|`[^`]*`|/[a-z][a-z ]*"
    r"|gpt-image-2|dall-e-3|easel-painter|GPT Image 2|DALL·E 3|Easel's painter|\{prompt\}"
    r"|\b(Easel|Discord|WebP|auto|high|preset|English|Painters)\b"
)


def words_of(body: object) -> Iterator[str]:
    """Return what a message shows, wherever it stands in it."""
    if isinstance(body, list):
        for each in body:
            yield from words_of(each)
    elif isinstance(body, dict):
        for name, value in body.items():
            is_choice = name == "value" and "label" in body  # its label is what people read
            if isinstance(value, str) and name in SHOWN and not is_choice:
                yield value
            yield from words_of(value)


SHOWN = {"content", "title", "description", "name", "value", "text", "label", "placeholder"}


async def test_no_english_is_left_on_the_way_of_an_evening(world: DiscordWorld) -> None:
    """A word that stands in the code instead of the texts shows up amid Chinese."""
    await server_speaks(world, "zh-CN")
    for who in (world.ada, world.mia):
        await prefers(world, who, "zh-CN")
    began = len(world.env.http_requests)
    card = await finished_card(world, "狐狸", n=2, model="gpt-image-2", reference1=("x.png", PNG))
    for action in ("details", "original", "again"):
        await press(world, world.ada, card, action)
    world.gateway.replies.append(ErrorReply(400, "moderation_blocked"))
    await finished_card(world, "山")
    ada, mia = world.ada, world.mia
    commands: list[tuple[simcord.MemberActor, str, dict[str, object]]] = [
        (ada, "usage", {}),
        (ada, "history", {}),
        (ada, "mydata export", {}),
        (ada, "mydata delete", {}),
        (ada, "preferences show", {}),
        (ada, "preferences defaults", {"model": "gpt-image-2", "quality": "high"}),
        (ada, "preferences private", {"private": True}),
        (ada, "preset save", {"name": "水墨", "prompt": "山", "n": 2}),
        (ada, "preset list", {}),
        (ada, "preset delete", {"name": "水墨"}),
        (ada, "imagine", {"prompt": "山", "size": "7x7"}),
        (ada, "help", {}),
        (ada, "help", {"topic": "presets"}),
        (mia, "help", {"topic": "setup"}),
        (mia, "style list", {}),
        (mia, "style save", {"name": "水墨", "prompt": "{prompt}，水墨", "n": 2}),
        (mia, "style list", {}),
        (ada, "preset list", {}),
        (mia, "settings show", {}),
        (mia, "style export", {}),
        (mia, "style delete", {"name": "水墨"}),
        (mia, "settings moderation", {"level": "auto"}),
        (mia, "settings models allow", {"model": "gpt-image-2"}),
        (mia, "settings controls", {"who": "requester"}),
        (mia, "quota set", {"credits": 5, "per": "week"}),
        (mia, "quota unlimited", {"user": world.ben}),
        (mia, "quota grant", {"user": world.ben, "credits": 3, "reason": "画得好"}),
        (mia, "quota block", {"user": world.ben, "reason": "刷屏"}),
        (mia, "quota reset", {"user": world.ben}),
        (mia, "quota cost", {"model": "gpt-image-2", "credits": 2}),
        (mia, "quota cost", {}),
        (mia, "quota usage", {"user": world.ben}),
        (mia, "quota export", {}),
        (mia, "quota show", {}),
        (mia, "quota audit", {}),
    ]
    for who, command, options in commands:
        await who.slash(world.channel, command, **options)
    sent = [
        words for request in world.env.http_requests[began:] for words in words_of(request.json)
    ]
    assert len(sent) > 100
    left = {words for words in sent if re.search("[A-Za-z]{4}", SAME_IN_CHINESE.sub("", words))}
    assert left == set()
