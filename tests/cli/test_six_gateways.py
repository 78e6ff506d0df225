"""``python -m bot imagine`` from a clean shell, through every table of gateways.toml.example."""

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.process import environment, run
from tests.gateways.generation_harness import GATEWAY_KEY
from tests.gateways.test_gateways_example import EXAMPLE, TABLES, opened


def table(name: str, base_url: str, trusted: str) -> str:
    """Return one section of the example, which leads to a fake."""
    sections = re.split(r"(?m)^# --- ", EXAMPLE)
    (section,) = (one for one in sections if f"[gateways.{name}]" in one)
    leads = f'base_url = "{base_url}"\ndownload = {{ hosts = ["{trusted}"] }}'
    return re.sub(r'(?m)^base_url = ".*"$', leads, f"# --- {section}")


@pytest.mark.parametrize("name", TABLES)
async def test_an_operator_paints_with_nothing_but_the_table_and_a_key(
    tmp_path: Path, name: str
) -> None:
    """Six vendors, one command, a picture on disk, one paid request."""
    async with opened(name) as vendor:
        trusted = vendor.gateway.download.hosts[0]
        file = tmp_path / "gateways.toml"
        file.write_text(table(name, vendor.gateway.base_url, trusted), encoding="utf-8")
        env = environment(tmp_path) | {
            "GATEWAYS_FILE": str(file),
            f"GATEWAYS__{name.upper()}__API_KEY": GATEWAY_KEY,
        }
        ended = await run("bot", "imagine", "a fox", "--out", "art", folder=tmp_path, env=env)
    assert ended.code == 0, ended.err
    with Image.open(tmp_path / ended.out.strip()) as picture:
        assert min(picture.size) > 0
    assert vendor.fake.paid == 1
    assert GATEWAY_KEY not in ended.out + ended.err
