import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.core.errors.gateway import GatewayErrorKind as Kind
from bot.gateways import download
from bot.gateways.addresses import AddressTrust, exact_url
from bot.gateways.download import Downloader, DownloadFailed
from bot.gateways.gateway import DownloadSettings
from tests.gateways.generation_harness import (
    GATEWAY_KEY,
    GenerationResult,
    RecordingClock,
    files_in,
    make_model,
    run_generation,
)
from tests.gateways.replay_gateway import RawReply, ReplayGateway, http_reply, replay_gateway
from tests.gateways.sample_pictures import b64, picture_bytes

PNG = picture_bytes()
FILE = http_reply(200, PNG, {"Content-Type": "text/html"})
PAINTER = make_model("painter", timeout_s=5)


class Names(AbstractResolver):
    """Resolves by a table, as a hostile name server would."""

    def __init__(self, table: Mapping[str, list[str]]) -> None:
        self.table = table
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Look the name up."""
        self.asked.append(host)
        if host not in self.table:
            raise OSError(None, "Name or service not known")
        return [
            ResolveResult(hostname=host, host=ip, port=port, family=family, proto=0, flags=0)
            for ip in self.table[host]
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def _fetch(
    address: str, folder: Path, *, hosts: tuple[str, ...] = (), names: Names | None = None
) -> tuple[ReplayGateway, GenerationResult]:
    """Let a gateway answer with a URL; return it and the result of the request."""
    async with replay_gateway(
        http_reply(200, {"data": [{"url": address}]}), FILE, FILE, FILE
    ) as raw:
        gateway = raw.gateway(download=DownloadSettings(hosts=hosts))
        return raw, await run_generation(gateway, folder, known=PAINTER, resolver=names)


@pytest.fixture
async def file_server() -> AsyncIterator[ReplayGateway]:
    """Open a second origin that sends pictures."""
    async with replay_gateway(FILE, FILE, FILE) as raw:
        yield raw


LITERALS = [
    "http://127.0.0.1:{port}/x",
    "http://[::1]:{port}/x",
    "http://[::ffff:127.0.0.1]:{port}/x",
    "http://[fe80::1%25lo]:{port}/x",
    "http://127.1:{port}/x",
    "http://2130706433:{port}/x",
    "http://１２７.0.0.1:{port}/x",
    "http://0x7f.1:{port}/x",
    "http://localhost:{port}/x",
    "http://localhost.:{port}/x",
    "http://user:pass@127.0.0.1:{port}/x",
    "//127.0.0.1:{port}/x",
]


@pytest.mark.parametrize("address", LITERALS)
async def test_a_gateway_cannot_send_us_inside(
    address: str, file_server: ReplayGateway, tmp_path: Path
) -> None:
    """Whatever the spelling, nothing connects there."""
    _, result = await _fetch(address.format(port=URL(file_server.origin).port), tmp_path)
    assert (result.failed.kind, result.failed.billed) == (Kind.DOWNLOAD_FAILED, "yes")
    assert file_server.requests == []
    assert result.left == []


async def test_a_name_that_leads_inside(file_server: ReplayGateway, tmp_path: Path) -> None:
    """The name server belongs to the attacker."""
    names = Names({"cdn.example": ["127.0.0.2", "::1"], "gw": ["127.0.0.1"]})
    address = f"http://cdn.example:{URL(file_server.origin).port}/x"
    _, result = await _fetch(address, tmp_path, names=names)
    assert result.failed.detail == (
        "the address is private: if you trust it, add its host to DOWNLOAD_HOSTS "
        "or its network to DOWNLOAD_NETWORKS"
    )
    assert (names.asked, file_server.requests) == (["cdn.example"], [])


async def test_only_checked_addresses_are_handed_on() -> None:
    """One public address among private ones is the only one to be connected."""
    names = Names({"cdn.example": ["10.0.0.1", "8.8.8.8"]})
    found = await download.PublicAddressResolver(names, AddressTrust()).resolve("cdn.example", 80)
    assert [result["host"] for result in found] == ["8.8.8.8"]


@pytest.mark.parametrize("hosts", [("127.0.0.1",), ("127.0.0.1:{port}",)])
async def test_the_operator_may_trust_a_private_host(
    hosts: tuple[str, ...], file_server: ReplayGateway, tmp_path: Path
) -> None:
    """ComfyUI beside its picture store."""
    trusted = tuple(host.format(port=URL(file_server.origin).port) for host in hosts)
    _, result = await _fetch(f"{file_server.origin}/x", tmp_path, hosts=trusted)
    assert result.pictures[0].format == "png"


async def test_trust_ends_at_the_port(file_server: ReplayGateway, tmp_path: Path) -> None:
    """The store is trusted, the file_server beside it is not."""
    _, result = await _fetch(f"{file_server.origin}/x", tmp_path, hosts=("127.0.0.1:1",))
    assert result.failed.kind is Kind.DOWNLOAD_FAILED
    assert file_server.requests == []


async def test_a_trusted_name(file_server: ReplayGateway, tmp_path: Path) -> None:
    """Containers know each other by name."""
    names = Names({"minio": ["127.0.0.1"]})
    address = f"http://minio:{URL(file_server.origin).port}/x"
    _, result = await _fetch(address, tmp_path, hosts=("minio",), names=names)
    assert result.pictures[0].format == "png"


async def test_neither_key_nor_credentials_are_sent(tmp_path: Path) -> None:
    """Not even to the gateway's own origin, and not those inside the address."""
    async with replay_gateway() as raw:
        address = raw.origin.replace("http://", "http://user:pass@") + "/x"
        raw.answers = [http_reply(200, {"data": [{"url": address}]}), FILE]
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert result.pictures
    assert raw.requests[1].startswith(b"GET /x ")
    assert b"authorization" not in raw.requests[1].lower()
    assert GATEWAY_KEY.encode() not in raw.requests[1]


async def _download(
    folder: Path,
    *answers: RawReply,
    path: str = "/x",
    timeout_s: float = 60,
    max_bytes: int = download.MAX_DOWNLOAD_BYTES,
    watch: RecordingClock | None = None,
) -> tuple[ReplayGateway, bytes | str]:
    """Download from a trusted origin; return it, and the bytes or the error."""
    part = folder / "a.part"
    async with replay_gateway(*answers) as raw:
        url = exact_url(raw.origin + path)
        trusted = {("127.0.0.1", url.port)}
        clock = (watch or RecordingClock()).clock
        async with Downloader(trusted, clock=clock, max_bytes=max_bytes) as downloader:
            try:
                await downloader.fetch(url, part, timeout_s=timeout_s)
            except DownloadFailed as failed:
                return raw, str(failed)
    return raw, part.read_bytes()


def _to(location: str, status: int = 302) -> RawReply:
    return http_reply(status, headers={"Location": location})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_by_hand(status: int, tmp_path: Path) -> None:
    """Picture stores hand out signed addresses so."""
    raw, got = await _download(
        tmp_path, _to("/a", status), _to("/b", status), _to("/c", status), FILE
    )
    assert got == PNG
    assert len(raw.requests) == 4


async def test_too_many_redirects(tmp_path: Path) -> None:
    """A circle ends after three."""
    raw, got = await _download(tmp_path, *[_to("/a")] * 9)
    assert (got, len(raw.requests)) == ("too many redirects", 4)


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "http://[",
        "data:,x",
    ],
)
async def test_a_redirect_is_checked_like_an_address(location: str, tmp_path: Path) -> None:
    """The first hop is harmless, the second asks for the cloud's keys."""
    raw, got = await _download(tmp_path, _to(location))
    assert str(got).startswith("the address is")
    assert len(raw.requests) == 1


@pytest.mark.parametrize("status", [403, 410])
async def test_an_expired_address_is_not_asked_again(status: int, tmp_path: Path) -> None:
    """It will not come back."""
    raw, got = await _download(tmp_path, http_reply(status), FILE)
    assert got == f"the address has expired (HTTP {status})"
    assert len(raw.requests) == 1


@pytest.mark.parametrize("status", [404, 408, 425, 429])
async def test_a_store_that_is_behind_is_asked_again_for_some_seconds(
    status: int, tmp_path: Path
) -> None:
    """A CDN does not know yet what the gateway has just made; the picture was paid."""
    watch = RecordingClock()
    _, got = await _download(tmp_path, *[http_reply(status)] * 4, FILE, watch=watch)
    assert (got, watch.pauses) == (PNG, [0.5, 1.0, 2.0, 4.0])


@pytest.mark.parametrize(("timeout_s", "tries"), [(60, 5), (2, 3)])
async def test_a_picture_that_never_comes_is_lost_after_some_seconds(
    timeout_s: float, tries: int, tmp_path: Path
) -> None:
    """The job must end."""
    watch = RecordingClock()
    raw, got = await _download(tmp_path, *[http_reply(404)] * 9, timeout_s=timeout_s, watch=watch)
    assert got == "the address has expired (HTTP 404)"
    assert (len(raw.requests), len(watch.pauses)) == (tries, tries - 1)


@pytest.mark.parametrize(("hint", "pause_s"), [("3", 3.0), ("0.1", 0.5), ("3600", 10.0)])
async def test_a_store_may_say_how_long_to_wait(hint: str, pause_s: float, tmp_path: Path) -> None:
    """Within bounds: a slot is occupied meanwhile."""
    watch = RecordingClock()
    busy = http_reply(429, headers={"Retry-After": hint})
    assert (await _download(tmp_path, busy, FILE, watch=watch))[1] == PNG
    assert watch.pauses == [pause_s]


SIGNED = "/out%2F1.png?sig=a%2Fb%3D%3D&se=2026-01-01T00%3A00%3A00Z&x=%7E%27%28ok%29+1"


async def test_an_address_goes_out_as_it_was_written(tmp_path: Path) -> None:
    """A store that signs the written form answers 403 to any other, also after a redirect."""
    raw, got = await _download(tmp_path, _to(SIGNED), FILE, path=SIGNED)
    assert got == PNG
    assert [request.split(b" ")[1].decode() for request in raw.requests] == [SIGNED, SIGNED]


async def test_a_reply_s_address_is_stored_and_asked_for_as_it_was_written(tmp_path: Path) -> None:
    """After a restart it is the stored text that is asked for."""
    async with replay_gateway() as raw:
        answered = http_reply(200, {"data": [{"url": raw.origin + SIGNED}]})
        raw.answers = [answered, FILE]
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert result.urls == (raw.origin + SIGNED,)
    assert raw.requests[1].startswith(f"GET {SIGNED} HTTP/1.1".encode())


@pytest.mark.parametrize(
    "trouble",
    [
        http_reply(500),
        http_reply(503),
        RawReply(then="reset"),
        RawReply(),
        RawReply(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx"),
    ],
)
async def test_a_get_may_be_repeated(trouble: RawReply, tmp_path: Path) -> None:
    """It costs nothing; the paid POST stays one."""
    raw, got = await _download(tmp_path, trouble, trouble, FILE)
    assert (got, len(raw.requests)) == (PNG, 3)


async def test_five_tries_are_enough(tmp_path: Path) -> None:
    """Then the picture is lost, and the person not charged."""
    raw, got = await _download(tmp_path, *[http_reply(500)] * 9)
    assert (got, len(raw.requests)) == ("HTTP 500", 5)


async def test_any_other_status_is_the_end(tmp_path: Path) -> None:
    """Such as 204 or 418."""
    assert (await _download(tmp_path, http_reply(418)))[1] == "HTTP 418"


@pytest.mark.parametrize(
    "head", [b"Content-Length: 1001\r\n", b"", b"Transfer-Encoding: chunked\r\n"]
)
async def test_too_large(head: bytes, tmp_path: Path) -> None:
    """Announced or not, what is larger than the gateway's table allows is cut off."""
    body = b"x" * 1001
    if b"chunked" in head:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    raw, got = await _download(
        tmp_path, RawReply(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body), max_bytes=1000
    )
    assert got == "the file is larger than 0.001 MB"
    assert len(raw.requests) == 1


async def test_a_slow_drip_ends(tmp_path: Path) -> None:
    """The whole download has one time limit, even if bytes keep arriving."""
    slow = RawReply(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", then="silence")
    raw, got = await _download(tmp_path, slow, FILE, timeout_s=0.4)
    assert got == "the download took too long"
    assert len(raw.requests) == 1


async def test_what_was_fetched_must_be_a_picture(tmp_path: Path) -> None:
    """Stores answer 200 with a web page, too."""
    async with replay_gateway() as raw:
        raw.answers = [
            http_reply(200, {"data": [{"url": "/x"}]}),
            http_reply(200, b"<html>gone</html>"),
        ]
        result = await run_generation(raw.gateway(), tmp_path, known=PAINTER)
    assert (result.failed.kind, result.failed.billed) == (Kind.BAD_RESPONSE, "yes")


async def test_base64_and_addresses_may_come_together(tmp_path: Path) -> None:
    """Only URLs are reported before the downloads; their order is kept."""
    data = [{"url": "/x"}, {"b64_json": b64(picture_bytes("gif"))}, {"url": "/y"}]
    async with replay_gateway(http_reply(200, {"data": data}), FILE, FILE) as raw:
        result = await run_generation(raw.gateway(), tmp_path, n=3, known=PAINTER)
    assert result.urls == (f"{raw.origin}/x", f"{raw.origin}/y")
    assert [picture.format for picture in result.pictures] == ["png", "gif", "png"]


async def test_a_cancelled_download_leaves_no_file(tmp_path: Path) -> None:
    """A stopping bot cleans up behind itself."""
    drip = RawReply(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", then="silence")
    async with replay_gateway(http_reply(200, {"data": [{"url": "/x"}]}), drip) as raw:
        painting = asyncio.create_task(run_generation(raw.gateway(), tmp_path, known=PAINTER))
        await raw.all_asked.wait()
        painting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await painting
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("policy", "target", "sent"),
    [
        (DownloadSettings(), "{origin}/x", False),
        (DownloadSettings(auth="same_origin"), "{origin}/x", True),
        (DownloadSettings(auth="same_origin", hosts=("127.0.0.1",)), "{file_server}/x", False),
    ],
)
async def test_the_key_goes_along_only_home(
    policy: DownloadSettings, target: str, sent: bool, file_server: ReplayGateway, tmp_path: Path
) -> None:
    """Some gateways require the key for their files; another host must never receive it."""
    async with replay_gateway() as raw:
        address = target.format(origin=raw.origin, file_server=file_server.origin)
        answered = http_reply(200, {"data": [{"url": address}]})
        raw.answers = [answered] if policy.hosts else [answered, FILE]
        result = await run_generation(raw.gateway(download=policy), tmp_path, known=PAINTER)
    asked = [*raw.requests[1:], *file_server.requests]
    assert [GATEWAY_KEY.encode() in request for request in asked] == [sent]
    assert result.pictures


async def test_a_redirect_takes_the_key_nowhere_else(
    file_server: ReplayGateway, tmp_path: Path
) -> None:
    """The gateway guards its files, and sends us on to a store."""
    policy = DownloadSettings(auth="same_origin", hosts=("127.0.0.1",))
    async with replay_gateway() as raw:
        raw.answers = [http_reply(200, {"data": [{"url": "/x"}]}), _to(f"{file_server.origin}/y")]
        result = await run_generation(raw.gateway(download=policy), tmp_path, known=PAINTER)
    assert GATEWAY_KEY.encode() in raw.requests[1]
    assert GATEWAY_KEY.encode() not in file_server.requests[0]
    assert result.pictures


async def test_the_table_says_how_large_a_picture_may_be(tmp_path: Path) -> None:
    """In millions of bytes, as people count them."""
    large = RawReply(b"HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n")
    async with replay_gateway() as raw:
        raw.answers = [http_reply(200, {"data": [{"url": "/x"}]}), large]
        gateway = raw.gateway(download=DownloadSettings(max_mb=1))
        result = await run_generation(gateway, tmp_path, known=PAINTER)
    assert result.failed.detail == "the file is larger than 1 MB"
