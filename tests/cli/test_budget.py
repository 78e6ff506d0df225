"""OPERATOR_BUDGET from a shell: it holds for the terminal, and stops a start that cannot count."""

from pathlib import Path

import pytest

from tests.cli.process import environment, run
from tests.cogs.scripted_gateway import ScriptedGateway
from tests.database.engines import rows_of


@pytest.mark.parametrize("command", [("bot",), ("bot", "imagine", "a fox")])
async def test_a_model_without_a_price_is_one_sentence_and_exit_code_2(
    tmp_path: Path, gateway: ScriptedGateway, command: tuple[str, ...]
) -> None:
    """Whoever started it reads what to write, and where, for every model at once."""
    env = environment(tmp_path, gateway, DISCORD_TOKEN="a-token", OPERATOR_BUDGET="50/month")
    ended = await run(*command, folder=tmp_path, env=env)
    assert (ended.code, ended.out) == (2, "")
    for line, model in zip(ended.err.splitlines(), ("dall-e-3", "gpt-image-2"), strict=True):
        assert line.startswith("easel: OPERATOR_BUDGET needs a price of every model")
        assert f'price = 0.04 under [gateways.default.abilities."{model}"]' in line
    assert gateway.bodies == []


async def test_the_terminal_spends_the_budget_too(tmp_path: Path, gateway: ScriptedGateway) -> None:
    """It is the same money."""
    (tmp_path / "gateways.toml").write_text(
        f'[gateways.one]\nbase_url = "{gateway.url}"\nmodels = ["dall-e-3"]\n'
        "abilities.dall-e-3 = { price = { standard = 0.04, hd = 0.08 } }\n"
    )
    env = environment(
        tmp_path,
        gateway,
        GATEWAYS_FILE="gateways.toml",
        IMAGE_API_URL="",
        GATEWAYS__ONE__API_KEY=environment(tmp_path, gateway)["IMAGE_API_KEY"],
        OPERATOR_BUDGET="0.1/day",
    )
    command = ("bot", "imagine", "a fox", "--out", "art")
    assert (await run(*command, folder=tmp_path, env=env)).code == 0
    refused = await run(*command, folder=tmp_path, env=env)
    assert refused.code != 0
    assert "OPERATOR_BUDGET is used up" in refused.err
    assert rows_of(tmp_path / "data", "SELECT price FROM charges") == [(80_000,)]
    assert len(gateway.bodies) == 1
