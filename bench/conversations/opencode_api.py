"""The OpenCode API: ours, and that of ``opencode serve``, asked the same by the same client."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.conversations.rig import Rig, numbered
from bench.processes import PeerFailed, Server, free_port
from tests.agents.cache import prefix_in
from tests.agents.places import KEY, NOWHERE

TRIES = 10
REPEATS = 20
WRITING = 3.0
"""Seconds that a person writes at the first message of a session."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One server, in ms: the first list of sessions, the middle of the next ones, the first message and the next.

    ``message_written`` is the first of another session, which was made :data:`WRITING` before.
    """

    name: str
    list_first: float
    list_next: float
    message_first: float
    message_next: float
    message_written: float


async def asked_ours(rig: Rig) -> Asked:
    """The device's own port, with opencode behind it."""
    settings = Path(os.environ["HOME"]) / ".config" / "opencode" / "opencode.json"
    await asyncio.to_thread(settings.parent.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(settings.write_text, json.dumps(_config(rig)))
    return await _asked("hutch", f"http://127.0.0.1:{rig.opencode_port}", rig)


async def asked_theirs(rig: Rig, folder: Path) -> Asked:
    """``opencode serve`` with a home of its own."""
    async with _serving(rig, folder) as url:
        return await _asked("opencode serve", url, rig)


@asynccontextmanager
async def _serving(rig: Rig, folder: Path) -> AsyncIterator[str]:
    program = prefix_in(os.environ) / "opencode" / "node_modules" / ".bin" / "opencode"
    port = free_port()
    environment = {**NOWHERE, "HOME": str(folder), "OPENCODE_CONFIG_CONTENT": json.dumps(_config(rig))}
    environment |= {"OPENCODE_DISABLE_AUTOUPDATE": "1"}
    await asyncio.to_thread(folder.mkdir)
    server = Server([program, "serve", "--hostname", "127.0.0.1", "--port", str(port)], folder, environment)
    try:
        await server.wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        await asyncio.to_thread(server.stop)


def _config(rig: Rig) -> dict[str, object]:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "scripted",
        "options": {"baseURL": f"{rig.server.url}/v1", "apiKey": KEY},
        "models": {"scripted": {}},
    }
    chosen = "scripted/scripted"
    return {"provider": {"scripted": provider}, "model": chosen, "small_model": chosen, "autoupdate": False}


async def _asked(name: str, url: str, rig: Rig) -> Asked:
    rig.teach("ASKED", numbered(20))
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(60)) as client:
        await _until_it_answers(client)
        lists = await _times(REPEATS, lambda: _call(client, "GET", "/session"))
        session = await _session(client)
        messages = await _times(REPEATS // 2, lambda: _message(client, session))
        another = await _session(client)
        await asyncio.sleep(WRITING)
        written = await _times(1, lambda: _message(client, another))
    return Asked(name, lists[0], statistics.median(lists[1:]), messages[0], statistics.median(messages[1:]), written[0])


async def _session(client: aiohttp.ClientSession) -> str:
    return str(json.loads(await _call(client, "POST", "/session", {"title": "bench"}))["id"])


async def _message(client: aiohttp.ClientSession, session: str) -> str:
    body = {"parts": [{"type": "text", "text": "please do ASKED"}]}
    return await _call(client, "POST", f"/session/{session}/message", body)


async def _until_it_answers(client: aiohttp.ClientSession) -> None:
    # A request that reaches opencode while it starts is never answered: ask again on a new connection.
    for _ in range(TRIES):
        try:
            async with client.get("/global/health", timeout=aiohttp.ClientTimeout(3)) as answer:
                if answer.status == 200:
                    return
        except (TimeoutError, aiohttp.ClientError):
            await asyncio.sleep(0.3)
    raise PeerFailed("listens, but answers no request")


async def _call(client: aiohttp.ClientSession, method: str, path: str, body: object = None) -> str:
    async with client.request(method, path, json=body) as answer:
        text = await answer.text()
        if answer.status >= 300:
            raise PeerFailed(f"{method} {path} answered {answer.status}: {text[:160]}")
        if method == "POST" and path.endswith("/message") and "w19" not in text:
            raise PeerFailed(f"{method} {path} has not the answer: {text[:300]}")
        return text


async def _times(count: int, ask: Callable[[], Awaitable[object]]) -> list[float]:
    taken = []
    for _ in range(count):
        begun = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken
