"""Actions of people in tests: press buttons, submit forms, react."""

from typing import Any

import discord
import simcord

from tests.cogs.discord_world import DiscordWorld


async def finished_card(
    world: DiscordWorld, prompt: str = "a fox", **options: object
) -> discord.Message:
    """Return the finished card of Ada's request."""
    await world.imagine(world.ada, prompt, **options)
    await world.wait_for_jobs()
    return world.card


def newest_job_id(world: DiscordWorld) -> str:
    """Return the id of the newest job."""
    ((job_id,),) = world.rows("SELECT id FROM jobs ORDER BY id DESC LIMIT 1")
    return str(job_id)


def custom_ids(message: discord.Message) -> list[list[str]]:
    """Return the custom ids of the buttons under a message, row by row."""
    rows = [
        [str(item.custom_id) for item in row.children if isinstance(item, discord.Button)]
        for row in message.components
        if isinstance(row, discord.ActionRow)
    ]
    return [row for row in rows if row]  # a select has a row for itself


def control_id(message: discord.Message, action: str) -> str:
    """Return the custom id of one control."""
    found = [each for row in custom_ids(message) for each in row]
    (custom_id,) = (each for each in found if each.startswith(f"easel:{action}:"))
    return custom_id


async def press(
    world: DiscordWorld, who: simcord.MemberActor, message: discord.Message, action: str
) -> simcord.InteractionResult:
    """Press a button and wait for the jobs that it starts."""
    answer = await who.click(message, custom_id=control_id(message, action))
    await world.wait_for_jobs()
    return answer


async def delete_after_question(
    world: DiscordWorld, who: simcord.MemberActor, message: discord.Message
) -> None:
    """Press the delete button, and *Delete* under the question."""
    asked = await press(world, who, message, "delete")
    await answer_deletion(world, who, ephemeral_messages(asked)[0])


async def answer_deletion(
    world: DiscordWorld, who: simcord.MemberActor, question: Any, label: str = "Delete"
) -> simcord.InteractionResult:
    """Press a button under the question."""
    answer = await who.click(question, label=label)
    await world.wait_for_jobs()
    return answer


async def submit_form(
    world: DiscordWorld, who: simcord.MemberActor, shown: simcord.InteractionResult, **changes: Any
) -> simcord.InteractionResult:
    """Submit a form with its values, but for the changes, and wait for the jobs that it starts."""
    answer = await who.submit_modal(shown, form_values(shown) | changes)
    await world.wait_for_jobs()
    return answer


def rename_form(shown: simcord.InteractionResult, custom_id: str) -> None:
    """Give a form the id of another one, which an earlier version may have shown."""
    assert shown._interaction.modal is not None
    shown._interaction.modal["custom_id"] = custom_id


def form_values(shown: simcord.InteractionResult) -> dict[str, Any]:
    """Return the values of a form when it opens."""
    values: dict[str, Any] = {}
    for field in form_fields(shown):
        if field.get("value"):
            values[field["custom_id"]] = field["value"]
        if chosen := [each["value"] for each in field.get("options", ()) if each.get("default")]:
            values[field["custom_id"]] = chosen
    return values


def form_fields(shown: simcord.InteractionResult) -> list[dict[str, Any]]:
    """Return the fields of a form."""
    assert shown.modal is not None
    return [label["component"] for label in shown.modal["components"]]


def select_labels(shown: simcord.InteractionResult, name: str) -> list[str]:
    """Return the labels that a select of a form offers."""
    (field,) = (each for each in form_fields(shown) if each["custom_id"] == name)
    return [option["label"] for option in field["options"]]


def ephemeral_messages(answer: simcord.InteractionResult) -> list[simcord.ResponseMessage]:
    """Return the ephemeral messages of an answer."""
    said = [answer.response, *answer.followups] if answer.response else [*answer.followups]
    return [each for each in said if each.flags.ephemeral]


def ephemeral_text(answer: simcord.InteractionResult) -> str:
    """Return the text of the first ephemeral message of an answer."""
    return str(ephemeral_messages(answer)[0].content)


async def react(
    world: DiscordWorld, who: simcord.MemberActor, message: discord.Message, emoji: str
) -> None:
    """Add a reaction and wait for the jobs that it starts."""
    await who.react(message, emoji)
    await world.wait_for_jobs()
