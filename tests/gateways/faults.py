"""What goes wrong between a bot and a gateway: each fault makes another reply of a good one."""

import gzip

from tests.gateways.generation_harness import GATEWAY_KEY, SECRET_PROMPT
from tests.gateways.replay_gateway import RawReply, http_reply
from tests.gateways.replayed_replies import Fault, Reply

TALKATIVE = f"it broke at {SECRET_PROMPT}, with {GATEWAY_KEY}"
"""The words of an error: what nobody may find in a log."""

PAGE = f"<!doctype html><title>Just a moment</title>{SECRET_PROMPT}".encode()


def ends(data: bytes, then: str = "close") -> Fault:
    """Send these bytes, whatever they are."""
    return lambda _: RawReply(data, then=then)


def says(status: int, body: object = b"", **headers: str) -> Fault:
    """Send another reply."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: http_reply(status, body, named)


def error(status: int, code: object = None, message: str = TALKATIVE, **headers: str) -> Fault:
    """Send an error in the usual shape."""
    return says(status, {"error": {"message": message, "type": None, "code": code}}, **headers)


def cut(kept: float, then: str = "close") -> Fault:
    """Send the first bytes of the body: so many, or a part of it; the length tells of all."""

    def fault(reply: Reply) -> RawReply:
        raw = reply.raw()
        length = len(reply.body)
        count = round(kept * length) if isinstance(kept, float) else kept
        return RawReply(raw.data[: len(raw.data) - length + count], then=then)

    return fault


def in_header(reply: Reply) -> RawReply:
    """Break in the headers."""
    return RawReply(reply.raw().data[:30], then="reset")


def longer(reply: Reply) -> RawReply:
    """Announce more than comes."""
    return reply.raw(Content_Length=str(len(reply.body) + 99))


def shorter(reply: Reply) -> RawReply:
    """Announce only the first bytes."""
    return reply.raw(Content_Length="3")


def _chunked(reply: Reply, *chunks: bytes) -> RawReply:
    head = f"HTTP/1.1 {reply.status} x\r\nContent-Type: {reply.content_type}\r\n"
    body = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks)
    return RawReply(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + body)


def no_last_chunk(reply: Reply) -> RawReply:
    """Send all of the body in chunks, but not that there are no more."""
    return _chunked(reply, reply.body[:7], reply.body[7:])


def half_a_chunk(reply: Reply) -> RawReply:
    """Break in the second chunk."""
    whole = _chunked(reply, reply.body[:2], reply.body[2:])
    return RawReply(whole.data[: -len(reply.body)])


def zipped(reply: Reply) -> RawReply:
    """Compress the body, which was not asked for."""
    return reply.holding(gzip.compress(reply.body)).raw(Content_Encoding="gzip")


def typed(content_type: str) -> Fault:
    """Name another type."""
    return lambda reply: reply.raw(Content_Type=content_type)


def redirects(status: int) -> Fault:
    """Redirect to the same server under another name, which is another origin."""

    def fault(reply: Reply) -> RawReply:
        there = reply.origin.replace("127.0.0.1", "localhost") + "/elsewhere"
        return http_reply(status, headers={"Location": there})

    return fault


def large(size: int) -> Fault:
    """Send so many bytes of a text in JSON."""
    return lambda _: RawReply(
        b'HTTP/1.1 200 OK\r\n\r\n{"choices":[{"message":{"content":"',
        more=(b"x y " * 16_384,) * (size >> 16),
    )


def zipped_bomb(size: int) -> Fault:
    """Send so many zeros in JSON, compressed to a thousandth of that."""
    body = gzip.compress(b'{"data":"' + b"0" * size)
    return says(200, body, Content_Encoding="gzip")
