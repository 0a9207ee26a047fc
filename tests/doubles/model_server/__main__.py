"""``python -m tests.doubles.model_server``: try Hutch and the agent CLIs without a provider."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from tests.doubles.model_server.demo import HELP, Demo
from tests.doubles.model_server.records import Record
from tests.doubles.model_server.server import ModelServer

VARIABLES = """\
The agent CLIs find it by these variables (any key will do):
  claude-code  ANTHROPIC_BASE_URL={url} ANTHROPIC_API_KEY=sk-test
  gemini       GOOGLE_GEMINI_BASE_URL={url} GEMINI_API_KEY=test
  codex        base_url = "{url}/v1", wire_api = "responses" of a provider in config.toml
  opencode     "baseURL": "{url}/v1" of a provider with npm "@ai-sdk/openai-compatible" in opencode.json
"""


def tell(text: str) -> None:
    """Say something to the person who started it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def line(record: Record) -> str:
    """One exchange in one line."""
    request = record.request
    asked = f"{request.model}: {' '.join(request.prompt.split())[-60:]!r}" if request else ""
    return f"{record.method} {record.path} {record.outcome} {asked}"


async def serve(host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM, and tell every exchange when it is over."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with ModelServer(Demo(), host=host, port=port, ended=lambda record: tell(line(record))) as server:
        tell(f"listening on {server.url}\n\n{VARIABLES.format(url=server.url)}\n{HELP}")
        await stop.wait()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.model_server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0 takes a free one")
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port))


if __name__ == "__main__":
    main()
