"""The gateway of ``benchmarks.client``: it answers every POST with the same four pictures.

At the path of chat completions they are data URIs among words, streamed if that is asked for. It
writes them to a folder, prints its address, and serves until its input ends; with ``--tls`` it
writes the authority that its certificate is from to a file. One ready answer for each kind goes
out from threads, so that it is never the server that a client waits for.
"""

import argparse
import base64
import json
import os
import ssl
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import trustme
from PIL import Image

PICTURES = 4
PIECE = 16 << 10  # characters of a streamed message
EDGE = 836  # pixels: stored without compression, such a PNG has 2 MiB


class Server(ThreadingHTTPServer):
    """A thread for each line; as many lines may wait as clients open at once."""

    request_queue_size = 128


def main() -> None:
    """Write the pictures, then serve them."""
    parser = argparse.ArgumentParser(description="Answer every POST with four pictures.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--escaped", action="store_true")
    parser.add_argument("--tls", type=Path)
    arguments = parser.parse_args()
    pictures = [noise() for _ in range(PICTURES)]
    for number, picture in enumerate(pictures):
        (arguments.folder / f"{number}.png").write_bytes(picture)
    replies = {
        kind: body.replace(b"/", rb"\/") if arguments.escaped else body
        for kind, body in {
            "images": reply(pictures),
            "chat": chat_reply(pictures),
            "stream": chat_stream(pictures),
        }.items()
    }
    with Server(("127.0.0.1", 0), answering(replies)) as server:
        if arguments.tls:
            secure(server, arguments.tls)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(
            f"{'https' if arguments.tls else 'http'}://127.0.0.1:{server.server_port}", flush=True
        )
        sys.stdin.read()
        server.shutdown()


def secure(server: Server, authority_file: Path) -> None:
    """Let a server speak TLS; each line's thread shakes hands."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(authority_file)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )


def noise() -> bytes:
    """Return a PNG as large as its pixels."""
    image = Image.frombytes("RGB", (EDGE, EDGE), os.urandom(EDGE * EDGE * 3))
    file = BytesIO()
    image.save(file, "png", compress_level=0)
    return file.getvalue()


def reply(pictures: list[bytes]) -> bytes:
    """Return what OpenAI answers."""
    data = [{"b64_json": base64.b64encode(picture).decode()} for picture in pictures]
    details = {"text_tokens": 50, "image_tokens": 0}
    counts = {"total_tokens": 150, "input_tokens": 50, "output_tokens": 100}
    usage = {**counts, "input_tokens_details": details}
    return json.dumps({"created": 1, "data": data, "usage": usage}).encode()


def chat_reply(pictures: list[bytes]) -> bytes:
    """Return what new-api answers: pictures as markdown among words."""
    message = {"role": "assistant", "content": words(pictures)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"object": "chat.completion", "choices": [choice]}).encode()


def chat_stream(pictures: list[bytes]) -> bytes:
    """Return the same in pieces of 16 KiB."""
    text = words(pictures)
    deltas = [{"content": text[at : at + PIECE]} for at in range(0, len(text), PIECE)]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in [*deltas, {}]]
    chunks[-1]["choices"][0]["finish_reason"] = "stop"
    events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*events, "data: [DONE]\n\n"]).encode()


def words(pictures: list[bytes]) -> str:
    """Return a text with pictures in it."""
    encoded = (base64.b64encode(picture).decode() for picture in pictures)
    return "Here:\n" + "\n".join(f"![image](data:image/png;base64,{one})" for one in encoded)


def answering(replies: Mapping[str, bytes]) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers a POST with the reply of its kind."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            kind = "stream" if b'"stream":true' in asked.replace(b" ", b"") else "chat"
            body = replies[kind if "chat" in self.path else "images"]
            self.send_response(200)
            is_stream = body is replies["stream"]
            self.send_header(
                "Content-Type", "text/event-stream" if is_stream else "application/json"
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Answer


if __name__ == "__main__":
    main()
