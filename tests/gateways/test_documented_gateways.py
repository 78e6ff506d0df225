from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.core.errors.gateway import GatewayErrorKind
from bot.core.models import Billed, Size, TokenUsage
from bot.gateways.gateway import DownloadSettings, Gateway
from bot.gateways.model_abilities import ResponseFormatRule
from bot.gateways.reference_limits import ReferenceLimits
from tests.gateways import sample_pictures
from tests.gateways.fake_g2all import FakeFiles, FakeG2all
from tests.gateways.fake_modelmax import FakeModelmax
from tests.gateways.fake_openai import FakeOpenAI
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    GenerationResult,
    attach_file,
    make_model,
    run_generation,
)


def _gateway(server: BaseTestServer, *models: str, key: str = GATEWAY_KEY) -> Gateway:
    return Gateway(name="fake", base_url=str(server.make_url("/v1")), models=models, key=key)


class TestOpenAI:
    """OpenAI's own dialect."""

    @pytest.fixture
    async def fake(self) -> AsyncIterator[FakeOpenAI]:
        """Open the fake; its server is kept on it."""
        fake = FakeOpenAI()
        async with TestServer(fake.app()) as self.server:
            yield fake

    async def _paint(self, folder: Path, name: str, **asked: object) -> GenerationResult:
        return await run_generation(_gateway(self.server, name), folder, **asked)  # type: ignore[arg-type]  # passed on

    async def test_gpt_image_paints_four_pictures_with_one_post(
        self, fake: FakeOpenAI, tmp_path: Path
    ) -> None:
        """Native n spares three requests, and usage reaches the cost rows."""
        result = await self._paint(tmp_path, "gpt-image-1", n=4, size=Size(1536, 1024))
        assert result.names == ["Sending", "Received"]
        assert (fake.posts, fake.paid) == (1, 1)
        assert result.usage == TokenUsage(50, 100)
        assert [picture.path.name for picture in result.pictures] == [
            f"slot-0-{number}.png" for number in (1, 2, 3, 4)
        ]
        first = result.pictures[0]
        assert (first.width, first.height, first.format) == (8, 6, "png")
        assert first.bytes == first.path.stat().st_size
        assert result.watch.waits == ["gateway"]

    async def test_only_the_fields_of_the_model_are_sent(
        self, fake: FakeOpenAI, tmp_path: Path
    ) -> None:
        """GPT image refuses response_format, and auto means that no size is sent."""
        await self._paint(tmp_path, "gpt-image-1")
        assert fake.bodies[0].keys() == {"model", "prompt", "n"}

    async def test_dall_e_3_gets_its_response_format(
        self, fake: FakeOpenAI, tmp_path: Path
    ) -> None:
        """Base64 spares a second fetch of an address that soon expires."""
        result = await self._paint(tmp_path, "dall-e-3", size=Size(1024, 1024))
        assert fake.bodies[0]["response_format"] == "b64_json"
        assert result.pictures[0].revised_prompt == "a fox, oil on canvas"

    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("gpt-image-1", {"quality": "high", "background": "transparent"}),
            ("dall-e-3", {"quality": "hd", "style": "natural"}),
        ],
    )
    async def test_what_was_chosen_is_sent(
        self, fake: FakeOpenAI, tmp_path: Path, name: str, options: dict[str, str]
    ) -> None:
        """Each in the field of its own name."""
        await self._paint(tmp_path, name, size=Size(1024, 1024), options=options)
        assert fake.bodies[0].items() >= options.items()
        assert fake.paid == 1

    async def test_a_wrong_quality_names_its_parameter(
        self, fake: FakeOpenAI, tmp_path: Path
    ) -> None:
        """A gateway may know fewer words than models.toml."""
        failed = (await self._paint(tmp_path, "gpt-image-1", options={"quality": "max"})).failed
        assert (failed.kind, failed.param) == (GatewayErrorKind.INVALID_REQUEST, "quality")
        assert fake.paid == 0

    async def test_a_wrong_size_names_its_parameter(self, fake: FakeOpenAI, tmp_path: Path) -> None:
        """The person reads which option to change; nothing was paid, nothing is sent again."""
        failed = (await self._paint(tmp_path, "gpt-image-1", size=Size(7, 7))).failed
        assert (failed.kind, failed.param) == (GatewayErrorKind.INVALID_REQUEST, "size")
        assert (failed.billed, failed.http_status, failed.request_id) == (
            Billed.NO,
            400,
            "req_err",
        )
        assert (fake.posts, fake.paid) == (1, 0)

    async def test_a_forbidden_field_is_left_out(self, fake: FakeOpenAI, tmp_path: Path) -> None:
        """An operator who sets response_format for GPT image sees it in the log, people do not."""
        optional = ResponseFormatRule(mode="optional", value="url")
        known = make_model("gpt-image-1", response_format=optional)
        result = await self._paint(tmp_path, "gpt-image-1", known=known)
        assert result.names == ["Sending", "RequestRefused", "Sending", "Received"]
        assert ["response_format" in body for body in fake.bodies] == [True, False]
        assert (fake.posts, fake.paid) == (2, 1)

    async def test_a_field_that_the_table_requires_is_a_wrong_table(
        self, fake: FakeOpenAI, tmp_path: Path
    ) -> None:
        """It is never left out: what came without it would not be what the table expects."""
        required = ResponseFormatRule(mode="required", value="url")
        known = make_model("gpt-image-1", response_format=required)
        failed = (await self._paint(tmp_path, "gpt-image-1", known=known)).failed
        assert (failed.kind, failed.param) == (GatewayErrorKind.INVALID_REQUEST, "response_format")
        assert (fake.posts, fake.paid) == (1, 0)

    async def test_too_many_pictures_at_once_are_refused(
        self, fake: FakeOpenAI, tmp_path: Path
    ) -> None:
        """DALL-E 3 paints one picture per request."""
        failed = (await self._paint(tmp_path, "dall-e-3", n=2)).failed
        assert (failed.kind, failed.param) == (GatewayErrorKind.INVALID_REQUEST, "n")
        assert fake.paid == 0

    async def test_a_dead_model_is_unavailable(self, fake: FakeOpenAI, tmp_path: Path) -> None:
        """OpenAI shuts models down; that is nothing the person did wrong."""
        failed = (await self._paint(tmp_path, "dall-e-2")).failed
        assert failed.kind is GatewayErrorKind.MODEL_UNAVAILABLE
        assert fake.paid == 0

    async def test_a_wrong_key_is_not_repeated_in_the_log(
        self, fake: FakeOpenAI, tmp_path: Path
    ) -> None:
        """OpenAI echoes half of the key."""
        gateway = _gateway(self.server, "gpt-image-1", key="sk-wrong-key")
        failed = (await run_generation(gateway, tmp_path)).failed
        assert failed.kind is GatewayErrorKind.AUTH
        assert failed.detail == "Incorrect API key provided: [key]"
        assert fake.paid == 0


class TestG2all:
    """Seed 003."""

    @pytest.fixture
    async def fakes(self) -> AsyncIterator[tuple[FakeG2all, FakeFiles]]:
        """Open the gateway and its picture store on two origins."""
        files = FakeFiles()
        async with TestServer(files.app()) as database:
            fake = FakeG2all(files=str(database.make_url("")).rstrip("/"))
            async with TestServer(fake.app()) as server:
                self.gateway = Gateway(
                    name="g2all",
                    base_url=str(server.make_url("")),
                    models=("gpt-image-2-all",),
                    key=GATEWAY_KEY,
                    download=DownloadSettings(hosts=(f"127.0.0.1:{database.port}",)),
                )
                yield fake, files

    async def test_the_address_is_told_and_fetched_without_the_key(
        self, fakes: tuple[FakeG2all, FakeFiles], tmp_path: Path
    ) -> None:
        """A key makes a signed URL invalid, and another host must not receive it."""
        result = await run_generation(self.gateway, tmp_path, size=Size(1024, 1024))
        assert result.names == ["Sending", "Answered", "Received"]
        assert result.urls == (f"{fakes[0].files}/cdn/20260423/a8092bb1.webp",)
        picture = result.pictures[0]
        assert (picture.format, picture.width, picture.revised_prompt) == ("webp", 8, None)
        assert result.usage is None
        assert (fakes[0].posts, fakes[0].paid, fakes[1].gets) == (1, 1, 1)
        assert result.watch.waits == ["gateway", "download"]

    async def test_references_stand_in_the_generation(
        self, fakes: tuple[FakeG2all, FakeFiles], tmp_path: Path
    ) -> None:
        """Fresh addresses as they are, older pictures whole, in the order of the person."""
        url = "https://cdn.discordapp.example/attachments/1/fox.png?ex=1"
        fresh = attach_file(tmp_path / "fresh", sample_pictures.picture_bytes(), url=url)
        old = attach_file(
            tmp_path / "old", sample_pictures.picture_bytes(), url=url, age_ms=600_000
        )
        attached = [fresh, old, fresh, old, fresh]
        await run_generation(
            self.gateway, tmp_path / "job", size=Size(1024, 1024), attached=attached
        )
        uri = f"data:image/png;base64,{sample_pictures.b64(sample_pictures.picture_bytes())}"
        assert fakes[0].images == [url, uri, url, uri, url]
        assert fakes[0].paid == 1

    async def test_six_references_are_one_too_many(
        self, fakes: tuple[FakeG2all, FakeFiles], tmp_path: Path
    ) -> None:
        """The fake refuses them, as the document says, if the table allows more."""
        generous = ReferenceLimits(transport="json_image_urls", max_count=9, max_bytes=9_999)
        known = make_model("gpt-image-2-all", references=generous)
        one = attach_file(tmp_path / "one", sample_pictures.picture_bytes())
        result = await run_generation(
            self.gateway, tmp_path / "job", known=known, attached=[one] * 6
        )
        assert result.failed.kind is GatewayErrorKind.INVALID_REQUEST
        assert (len(fakes[0].images), fakes[0].paid) == (6, 0)

    async def test_a_size_that_the_document_does_not_name_is_refused(
        self, fakes: tuple[FakeG2all, FakeFiles], tmp_path: Path
    ) -> None:
        """The catalogue stops it earlier; here the gateway does."""
        failed = (await run_generation(self.gateway, tmp_path, size=Size(512, 512))).failed
        assert (failed.kind, failed.billed) == (GatewayErrorKind.INVALID_REQUEST, Billed.NO)
        assert (fakes[0].posts, fakes[0].paid) == (1, 0)


class TestModelmax:
    """Seed 004."""

    @pytest.fixture
    async def fake(self) -> AsyncIterator[FakeModelmax]:
        """Open the fake."""
        fake = FakeModelmax()
        async with TestServer(fake.app()) as server:
            self.gateway = _gateway(server, "imagen-3")
            yield fake

    async def test_base64_is_asked_for_and_zero_usage_is_unknown(
        self, fake: FakeModelmax, tmp_path: Path
    ) -> None:
        """Zeros do not mean that the pictures were free."""
        result = await run_generation(self.gateway, tmp_path, n=2, size=Size(1024, 1024))
        assert (fake.formats, fake.paid) == (["b64_json"], 1)
        assert len(result.pictures) == 2
        assert result.usage is None
        assert result.pictures[0].revised_prompt == (
            "A futuristic city skyline at golden hour sunset..."
        )

    async def test_quality_and_style_are_sent(self, fake: FakeModelmax, tmp_path: Path) -> None:
        """The document names both."""
        options = {"quality": "hd", "style": "vivid"}
        await run_generation(self.gateway, tmp_path, size=Size(1024, 1024), options=options)
        assert (fake.options, fake.paid) == ([("hd", "vivid")], 1)

    async def test_addresses_on_the_gateway_itself_work_on_loopback(
        self, fake: FakeModelmax, tmp_path: Path
    ) -> None:
        """A self-hosted gateway serves its results from its own private origin."""
        result = await run_generation(self.gateway, tmp_path, known=make_model("imagen-3"))
        assert fake.formats == ["url"]
        assert result.pictures[0].format == "png"

    @pytest.mark.parametrize(
        ("spoil", "asked", "kind", "billed"),
        [
            ({}, {"size": Size(1, 1)}, "invalid-request", "no"),
            ({"balance": 0}, {}, "quota", "no"),
            ({"is_down": True}, {}, "timeout-unknown", "maybe"),
        ],
    )
    async def test_its_documented_statuses(
        self,
        fake: FakeModelmax,
        tmp_path: Path,
        spoil: dict[str, object],
        asked: dict[str, Size],
        kind: str,
        billed: str,
    ) -> None:
        """400, 402 and 502 are told apart, and none is sent twice."""
        for name, value in spoil.items():
            setattr(fake, name, value)
        result = await run_generation(self.gateway, tmp_path, **asked)  # type: ignore[arg-type]  # only sizes
        assert (result.failed.kind, result.failed.billed) == (kind, billed)
        assert (fake.posts, fake.paid) == (1, 0)
        assert result.left == []

    async def test_a_wrong_key(self, fake: FakeModelmax, tmp_path: Path) -> None:
        """401 is the operator's matter."""
        gateway = Gateway(name="m", base_url=self.gateway.base_url, models=("imagen-3",))
        failed = (await run_generation(gateway, tmp_path)).failed
        assert (failed.kind, failed.billed) == (GatewayErrorKind.AUTH, Billed.NO)
        assert fake.posts == 1
