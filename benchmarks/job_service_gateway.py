"""The gateway of ``benchmarks.job_service``: each POST is answered with another 1.5 MiB picture.

It prints its address and serves until its input ends. A POST whose prompt ends in ``slowly`` is
answered after a second. All pictures are the same noise; a text chunk before the end tells them
apart, so that an answer costs nothing but its sending.
"""

import base64
import itertools
import json
import os
import struct
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

from PIL import Image

EDGE = 724  # pixels: stored without compression, such a PNG has 1.5 MiB
PAUSE_S = 1.0
SLOWLY = "slowly"
_END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


class Server(ThreadingHTTPServer):
    """A thread for each line; as many lines may wait as clients open at once."""

    request_queue_size = 128


def main() -> None:
    """Serve until the input ends."""
    with Server(("127.0.0.1", 0), answering(Easel())) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        sys.stdin.read()
        server.shutdown()


class Easel:
    """Paints: each answer is what OpenAI sends, with a picture of its own."""

    def __init__(self) -> None:
        noise = Image.frombytes("RGB", (EDGE, EDGE), os.urandom(EDGE * EDGE * 3))
        file = BytesIO()
        noise.save(file, "png", compress_level=0)
        start = file.getvalue().removesuffix(_END)
        joint = len(start) // 3 * 3  # base64 of the parts joins up there
        self._rest = start[joint:]
        self._start = b'{"created": 1, "data": [{"b64_json": "' + base64.b64encode(start[:joint])
        details = {"text_tokens": 50, "image_tokens": 0}
        counts = {"total_tokens": 150, "input_tokens": 50, "output_tokens": 100}
        usage = json.dumps({**counts, "input_tokens_details": details})
        self._end = f'"}}], "usage": {usage}}}'.encode()
        self._numbers = itertools.count(1)

    def answer(self) -> bytes:
        """Return the next answer."""
        text = b"Comment\0" + str(next(self._numbers)).encode().zfill(9)
        chunk = struct.pack(">I", len(text)) + b"tEXt" + text
        chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
        return self._start + base64.b64encode(self._rest + chunk + _END) + self._end


def answering(easel: Easel) -> type[BaseHTTPRequestHandler]:
    """Return a handler that answers every POST with the easel's next picture."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if asked["prompt"].endswith(SLOWLY):
                time.sleep(PAUSE_S)
            body = easel.answer()
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
