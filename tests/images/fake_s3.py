"""A strict fake of S3 over loopback: signatures, one bucket, multipart uploads, pages of lists.

``faults`` are taken one by one by the next requests: a status, or CUT in the middle of the body.
Deletions wait until ``may_delete``.
"""

import asyncio
import hashlib
import hmac
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from aiohttp import web

BUCKET = "pictures"
KEY_ID, SECRET, REGION = "AKIAEASEL", "a-secret-of-forty-letters-for-this-test!", "eu-test-1"
CUT = 0
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/s3/aws4_request, "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class FakeS3:
    """The objects of the bucket by their keys, and what was asked."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    faults: deque[int] = field(default_factory=deque)
    secret: str = SECRET
    page: int = 1000
    deletes: asyncio.Event = field(default_factory=asyncio.Event)
    may_delete: asyncio.Event = field(default_factory=asyncio.Event)
    _parts: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def values(self, **changes: str) -> dict[str, str]:
        """Return what a client must know."""
        access = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET}
        return {**access, "aws_region": REGION, "aws_endpoint_url": self.url, **changes}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request, unless it is wrong or a fault is next."""
        body = await request.read()
        self.asked.append(f"{request.method} {request.path_qs}")
        if self.faults:
            return await self._fault(request, self.faults.popleft())
        bucket, _, key = unquote(request.raw_path.partition("?")[0])[1:].partition("/")
        if bucket != BUCKET:
            return _error(404, "NoSuchBucket", bucket)
        if not self._is_signed(request, body):
            return _error(403, "SignatureDoesNotMatch", f"{KEY_ID} {self.secret}")
        if not key:
            return self._list(request)
        assert ".." not in key
        handlers = {"PUT": self._put, "GET": self._get, "HEAD": self._get, "POST": self._post}
        if request.method == "DELETE":
            self.deletes.set()
            await self.may_delete.wait()
            self.objects.pop(key, None)
            return web.Response(status=204)
        return handlers[request.method](request, key, body)

    async def _fault(self, request: web.Request, status: int) -> web.StreamResponse:
        if status != CUT:
            return _error(status, "InternalError", "a fault")
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half of it")
        assert request.transport is not None
        request.transport.abort()
        return response

    def _put(self, request: web.Request, key: str, body: bytes) -> web.Response:
        if (upload := request.query.get("uploadId")) is not None:
            self._parts[upload][int(request.query["partNumber"])] = body
        else:
            self.objects[key] = body
        return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324 - as S3 does

    def _get(self, _request: web.Request, key: str, _body: bytes) -> web.Response:
        if (data := self.objects.get(key)) is None:
            return _error(404, "NoSuchKey", key)
        headers = {"ETag": '"one"', "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"}
        return web.Response(body=data, headers=headers)

    def _post(self, request: web.Request, key: str, _body: bytes) -> web.Response:
        if "uploads" in request.query:
            upload = f"upload-{len(self._parts)}"
            self._parts[upload] = {}
            return _xml(
                "InitiateMultipartUploadResult",
                f"<Bucket>{BUCKET}</Bucket><Key>{escape(key)}</Key><UploadId>{upload}</UploadId>",
            )
        parts = self._parts.pop(request.query["uploadId"])
        self.objects[key] = b"".join(parts[number] for number in sorted(parts))
        return _xml("CompleteMultipartUploadResult", '<ETag>"one"</ETag>')

    def _list(self, request: web.Request) -> web.Response:
        assert request.query["list-type"] == "2"
        prefix = request.query.get("prefix", "")
        after = request.query.get("continuation-token", "")
        found = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        page, more = found[: self.page], len(found) > self.page
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-11-02T10:00:00.000Z"
            f'</LastModified><ETag>"one"</ETag><Size>{len(self.objects[key])}</Size></Contents>'
            for key in page
        )
        following = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if more else ""
        truncated = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        return _xml("ListBucketResult", f"{truncated}{following}{contents}")

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        """Check the signature of version 4 (S3 API reference, sigv4-auth-using-headers)."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
        if found is None or (found["key"], found["region"]) != (KEY_ID, REGION):
            return False
        hashed = request.headers["x-amz-content-sha256"]
        if hashed not in {"UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()}:
            return False
        path, _, query = request.raw_path.partition("?")
        pairs = sorted(
            (quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~"))
            for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)
        )
        names = found["headers"].split(";")
        canonical = "\n".join(
            [
                request.method,
                path,
                "&".join(f"{name}={value}" for name, value in pairs),
                *(f"{name}:{request.headers[name].strip()}" for name in names),
                "",
                found["headers"],
                hashed,
            ]
        )
        scope = f"{found['day']}/{REGION}/s3/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{scope}\n{digest}"
        key = f"AWS4{self.secret}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), "sha256").digest()
        return hmac.compare_digest(key.hex(), found["signature"])


@asynccontextmanager
async def fake_s3() -> AsyncIterator[FakeS3]:
    """Serve the fake on a port of its own."""
    s3 = FakeS3()
    s3.may_delete.set()
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", s3.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    s3.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield s3
    finally:
        s3.may_delete.set()
        await runner.cleanup()


def _error(status: int, code: str, message: str) -> web.Response:
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return web.Response(status=status, text=body, content_type="application/xml")


def _xml(name: str, content: str) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?><{name}>{content}</{name}>'
    return web.Response(text=text, content_type="application/xml")
