"""MODERATION_FILE at the terminal: it holds there as well, and a wrong line stops everything."""

from pathlib import Path

import pytest

from bot.cli.doctor.file_checks import check_moderation
from bot.cli.doctor.finding import Sign
from playground.settings import GivenSettings
from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ScriptedGateway


async def test_the_operators_rules_hold_at_the_terminal(
    tmp_path: Path, gateway: ScriptedGateway
) -> None:
    """Also for somebody's job that is painted again after the word was forbidden."""
    env = environment(tmp_path, gateway)
    first = await run("bot", "imagine", "a napalm sky", "--out", "art", folder=tmp_path, env=env)
    assert first.code == 0, first.err
    listing = await run("bot", "jobs", folder=tmp_path, env=env)
    job_id = listing.out.splitlines()[1].split()[0]
    (tmp_path / "words.txt").write_text("napalm\n")
    env |= {"MODERATION_FILE": "words.txt"}
    for command in (("imagine", "a NАPALM sky"), ("jobs", "retry", job_id)):
        refused = await run("bot", *command, folder=tmp_path, env=env)
        assert refused.code == 2, refused.err
        assert "MODERATION_FILE forbids something in this request" in refused.err
    assert len(gateway.bodies) == 1


@pytest.mark.parametrize("command", [("serve",), ("imagine", "a fox"), ("doctor",)])
async def test_a_wrong_line_is_told_before_anything_starts(
    tmp_path: Path, gateway: ScriptedGateway, command: tuple[str, ...]
) -> None:
    """A bot that started without its rules would paint what its operator forbids."""
    (tmp_path / "words.txt").write_text("napalm\n\n/(a+)+$/\n")
    env = environment(
        tmp_path, gateway, MODERATION_FILE="words.txt", DISCORD_TOKEN="planted-discord-token"
    )
    arguments = ("bot",) if command == ("serve",) else ("bot", *command)
    ended = await run(*arguments, folder=tmp_path, env=env)
    assert ended.code != 0
    said = ended.out + ended.err
    assert "MODERATION_FILE (words.txt), line 3, takes too long in 4,000 characters" in said
    assert gateway.bodies == []


def test_the_doctor_counts_the_rules(tmp_path: Path) -> None:
    """An operator sees that the file is read, and how much of it are rules."""
    file = tmp_path / "words.txt"
    file.write_text("# ours\nnapalm\nblood bath\n/bo+m/\n")
    (found,) = check_moderation(GivenSettings(moderation_file=file))
    assert found.sign is Sign.FINE
    assert found.facts == f"{file} can be used (words and phrases: 2, expressions: 1)"
    file.unlink()
    (found,) = check_moderation(GivenSettings(moderation_file=file))
    assert found.sign is Sign.WRONG
    assert list(check_moderation(GivenSettings())) == []
