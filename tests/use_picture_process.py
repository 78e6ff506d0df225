"""A whole bot in which somebody uses every picture of a folder, by the menu and by the button.

``python -m tests.use_picture_process FOLDER GATEWAY_URL`` uses every file of FOLDER/files after the
other: *Use as reference* of a message with it, a result that is it, and *Use* of that result. The
gateway paints the file that a prompt names. It prints for each file its name, its peak memory so
far in bytes, and of which of the three something was painted. Discord is simulated in this process.
"""

import asyncio
import sys
from pathlib import Path

import discord
import simcord

from bot.cli.serve import give_large_blocks_back
from tests.cogs.actions import control_id, submit_form
from tests.cogs.discord_world import DiscordWorld, WorldBuilder
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.memory_group import peak_bytes

MODEL = "easel-painter"
PAUSE_S = 11  # of the simulated clock: nobody is told that they are too quick
MANY = 10_000  # files that are no picture are paid and lost


async def use(world: DiscordWorld, path: Path) -> list[str]:
    """Use a picture in every way; return the ways that brought a picture."""
    done = []
    photo = await world.ben.send(
        world.channel, "look", attachments=[("photo.png", path.read_bytes())]
    )
    shown = await world.ada.context_menu(world.channel, "Use as reference", photo)
    if await _painted(world, shown, prompt=path.name):
        done.append("menu")
    await world.imagine(world.ada, path.name, model=MODEL)
    await world.wait_for_jobs()
    if world.card.attachments:
        done.append("result")
        shown = await world.ada.click(world.card, custom_id=control_id(world.card, "use"))
        if await _painted(world, shown, prompt="small"):
            done.append("button")
    await _clear(world)
    return done


async def _painted(world: DiscordWorld, shown: simcord.InteractionResult, *, prompt: str) -> bool:
    """Submit the form with the picture that it proposes."""
    before: discord.Message = world.card
    await submit_form(world, world.ada, shown, prompt=prompt, model=[MODEL])
    await world.env.advance_time(PAUSE_S)
    return world.card.id != before.id and bool(world.card.attachments)


async def _clear(world: DiscordWorld) -> None:
    """Delete the messages, whose files the simulation keeps in memory."""
    await world.env.advance_time(PAUSE_S)
    for message in world.messages():
        await message.delete()


async def main(folder: Path, gateway_url: str) -> None:
    """Use everything and print a line for each."""
    give_large_blocks_back()
    builder = WorldBuilder(folder / "data", ScriptedGateway(url=gateway_url))
    async with builder.world(
        default_quota=(), max_doubtful_per_day=MANY, max_requests_per_minute=MANY
    ) as world:
        for path in sorted((folder / "files").iterdir()):
            done = await use(world, path)
            sys.stdout.write(f"{path.name} {peak_bytes()} {','.join(done) or '-'}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
