"""The reference of ``benchmarks.bot``: a bot that promises nothing, in as few lines as it takes.

It defers, sends the POST, decodes the JSON and edits the answer. It keeps, counts, limits and
repeats nothing.
"""

import base64
import os
from io import BytesIO

import aiohttp
import discord
from discord import app_commands


class ReferenceBot(discord.Client):
    """A client with one command."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.none())
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(imagine)

    async def setup_hook(self) -> None:
        """Open the connections to the gateway, and tell Discord the command."""
        headers = {"Authorization": f"Bearer {os.environ['IMAGE_API_KEY']}"}
        connector = aiohttp.TCPConnector(limit=0)
        self.images = aiohttp.ClientSession(
            os.environ["IMAGE_API_URL"] + "/", headers=headers, connector=connector
        )
        await self.tree.sync()


@app_commands.command(description="Paint a picture from a description.")
async def imagine(interaction: discord.Interaction[ReferenceBot], prompt: str) -> None:
    """Paint one picture."""
    await interaction.response.defer()
    body = {"model": os.environ["IMAGE_MODELS"], "prompt": prompt, "n": 1}
    async with interaction.client.images.post("images/generations", json=body) as response:
        reply = await response.json()
    picture = BytesIO(base64.b64decode(reply["data"][0]["b64_json"]))
    await interaction.edit_original_response(attachments=[discord.File(picture, "image.png")])


def run() -> None:
    """Run until the process is ended."""
    ReferenceBot().run(os.environ["DISCORD_TOKEN"], log_handler=None)
