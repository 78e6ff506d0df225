"""The image gateway of ``benchmarks.bot``: each POST is answered with another 1.5 MiB picture.

It prints its address and serves until its input ends. A prompt that ends in ``slowly`` is answered
after ``--latency`` seconds. ``GET /times`` says, by prompt, from when to when its answer took.
"""

import argparse
import asyncio
import sys
import time

from aiohttp import web

from benchmarks.job_service_gateway import SLOWLY, Easel


class TimedGateway:
    """Answers, and notes on the clock of all processes of a machine when."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._easel = Easel()
        self._times: dict[str, tuple[float, float]] = {}

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_post("/v1/images/generations", self._generate)
        app.router.add_get("/times", self._tell_times)
        return app

    async def _generate(self, request: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        prompt: str = (await request.json())["prompt"]
        if prompt.endswith(SLOWLY):
            await asyncio.sleep(self._latency_s)
        response = web.Response(body=self._easel.answer(), content_type="application/json")
        await response.prepare(request)
        await response.write_eof()
        self._times[prompt] = began, time.monotonic()
        return response

    async def _tell_times(self, _: web.Request) -> web.Response:
        return web.json_response(self._times)


async def serve(latency_s: float) -> None:
    """Serve until the input ends."""
    runner = web.AppRunner(TimedGateway(latency_s).app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Answer every POST with a picture.")
    parser.add_argument("--latency", type=float, default=1.0)
    asyncio.run(serve(parser.parse_args().latency))
