"""``python -m bot gateways``: the table and its exit code."""

from pathlib import Path

import pytest

from bot.cli import gateways
from bot.settings.settings import Settings
from tests.cli.process import environment, run
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.router_harness import SteppedClock

LISTED = http_reply(200, {"data": [{"id": "dall-e-3"}, {"id": "x", "shutdown_date": "2030-01-01"}]})
REFUSED = http_reply(
    401, {"error": {"message": f"wrong key {GATEWAY_KEY}", "code": "invalid_api_key"}}
)


def one_gateway(
    raw: ReplayGateway, *, key: str = GATEWAY_KEY, models: str = "dall-e-3,x"
) -> Settings:
    return Settings.model_validate(
        {
            "image_api_url": raw.origin,
            "image_api_key": key,
            "image_models": models,
            "gateways_file": None,
            "gateways": {},
        }
    )


async def shown(settings: Settings) -> tuple[int, list[str]]:
    said: list[str] = []
    code = await gateways.print_gateways(settings, SteppedClock().clock, said.append)
    return code, said


async def test_one_row_for_each_model() -> None:
    """An operator sees at a glance what people can ask for, and where."""
    async with replay_gateway(LISTED) as raw:
        code, (head, first, second) = await shown(one_gateway(raw))
    assert code == 0
    assert head.split() == [
        *("GATEWAY", "KEY", "ANSWERS", "MODEL", "LISTED"),
        *("N", "REFERENCES", "STREAMS", "RETIRES", "PRICE", "SIZES"),
    ]
    sizes = "1024x1024, 1792x1024, 1024x1792"
    assert first.split(maxsplit=12) == [
        *("default", "set", "listed", "(HTTP", "200)", "dall-e-3"),
        *("yes", "1", "no", "no", first.split()[10], "-", sizes),
    ]
    assert second.split()[:6] == ["x", "yes", "1", "no", "no", "2030-01-01"]
    assert head.index("MODEL") == first.index("dall-e-3") == second.index("x")


async def test_prices_are_shown_from_the_cheapest_quality_to_the_dearest(tmp_path: Path) -> None:
    """An operator checks at a glance what the budget counts."""
    file = tmp_path / "gateways.toml"
    async with replay_gateway(LISTED) as raw:
        file.write_text(
            f'[gateways.here]\nbase_url = "{raw.origin}"\nmodels = ["dall-e-3", "dall-e-2"]\n'
            "abilities.dall-e-3.price = { standard = 0.04, hd = 0.08 }\n"
            'abilities.dall-e-2.price = "0.020"\n'
        )
        settings = Settings.model_validate(
            {
                "gateways_file": file,
                "image_api_url": "",
                "gateways": {"here": {"api_key": GATEWAY_KEY}},
            }
        )
        _, (head, first, second, *_) = await shown(settings)
    at = slice(head.index("PRICE"), head.index("SIZES"))
    assert (first[at].strip(), second[at].strip()) == ("0.04 to 0.08", "0.02")


async def test_what_is_wrong_stands_below_with_its_mend() -> None:
    """The exit code is for scripts, the sentence for people; neither shows the key."""
    async with replay_gateway(REFUSED) as raw:
        code, said = await shown(one_gateway(raw))
    assert code == 1
    assert "key-refused (HTTP 401)  dall-e-3" in said[1]
    assert "  ?  " in said[1]
    assert said[3].startswith("✗ gateway default")
    assert "IMAGE_API_KEY" in said[4]
    assert GATEWAY_KEY not in "\n".join(said)


async def test_a_model_that_the_list_lacks_is_marked() -> None:
    """It may still work: many gateways list only some."""
    async with replay_gateway(http_reply(200, {"data": [{"id": "dall-e-3"}]})) as raw:
        code, said = await shown(one_gateway(raw))
    assert code == 0
    assert said[2].split()[:2] == ["x", "no"]
    assert said[3].startswith("! gateway default does not list x")


async def test_several_gateways_of_a_file(tmp_path: Path) -> None:
    """Each is asked; one that is out of reach does not hide the others, and is exit code 1."""
    file = tmp_path / "gateways.toml"
    async with replay_gateway(http_reply(404)) as raw:
        table = 'models = ["gpt-image-2-all", "gpt-image-2"]\n'
        file.write_text(
            f'[gateways.here]\nbase_url = "{raw.origin}"\nstream = "sse"\n{table}'
            f'[gateways.gone]\nbase_url = "http://127.0.0.1:1"\n{table}'
        )
        settings = Settings.model_validate(
            {
                "gateways_file": file,
                "image_api_url": "",
                "gateways": {"here": {"api_key": GATEWAY_KEY}},
            }
        )
        code, said = await shown(settings)
    assert code == 1
    assert said[1].startswith("here     set      no-list (HTTP 404)  gpt-image-2-all  ?")
    assert "5 of 20 MB" in said[1]
    assert "gone     not set  no-connection" in said[3]
    assert "each side" in said[2]
    assert ["  yes  " in line for line in said[1:5]] == [False, True, False, False]


@pytest.mark.parametrize(("answer", "code"), [(LISTED, 0), (REFUSED, 1)])
async def test_from_a_shell(answer: RawReply, code: int, tmp_path: Path) -> None:
    """The command as a person types it."""
    async with replay_gateway(answer) as raw:
        env = environment(
            tmp_path,
            IMAGE_API_URL=raw.origin,
            IMAGE_API_KEY=GATEWAY_KEY,
            IMAGE_MODELS="dall-e-3",
        )
        ended = await run("bot", "gateways", folder=tmp_path, env=env)
    assert ended.code == code, ended.err
    assert ended.out.startswith("GATEWAY")
    assert GATEWAY_KEY not in ended.out + ended.err


async def test_without_a_gateway_the_variable_is_named(tmp_path: Path) -> None:
    """As for every command."""
    ended = await run("bot", "gateways", folder=tmp_path, env=environment(tmp_path))
    assert ended.code == 2
    assert "IMAGE_API_URL is missing" in ended.err
