"""The gateway of ``benchmarks.client``: it answers every POST with the same four pictures.

It writes them to a folder, prints its address, and serves until its input ends; with ``--tls`` it
writes the authority that its certificate is from to a file. One ready answer
goes out from threads, so that it is never the server that a client waits for.
"""

import argparse
import base64
import json
import os
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import trustme
from PIL import Image

PICTURES = 4
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
    body = reply(pictures)
    if arguments.escaped:
        body = body.replace(b"/", rb"\/")
    with Server(("127.0.0.1", 0), answering(body)) as server:
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


def answering(body: bytes) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers every POST with this body."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Answer


if __name__ == "__main__":
    main()
