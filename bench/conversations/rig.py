"""A device with the pinned CLIs and the scripted model, driven over REST and events as the page does it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.peers.hutch import Hutch
from bench.processes import free_port
from foundation.bus import EventBus
from gateway.agents.acp import AcpLaunch
from gateway.agents.installer import Agents
from gateway.conversations.types import Permission
from gateway.events.types import AnyEvent
from tests.agents.cache import prefix_in
from tests.agents.places import endpoint
from tests.doubles.model_server import Answer, ModelServer, Say, Sent, Turn, Turns

TURN_SECONDS = 120.0


@dataclass
class Rig:
    """Everything a measurement needs."""

    hutch: Hutch
    server: ModelServer
    script: Turns
    agents: Agents
    work: Path
    errors: Path
    clis: Sequence[str]
    opencode_port: int
    workers: dict[str, str]

    def teach(self, marker: str, words: Sequence[str], gap: float = 0.0) -> None:
        """What the model says to a message with this marker."""
        self.script.add(Turn(marker, (Answer((Say(tuple(words), gap=gap),)),)))

    def sent(self, marker: str) -> list[Sent]:
        """The pieces of the last answer to a message with this marker, each with its time."""
        asked = [one for one in self.server.journal.turns if one.request and marker in one.request.prompt]
        return [sent for sent in asked[-1].sent if sent.kind == "text"]

    async def direct(self, cli: str) -> AcpLaunch:
        """How the device starts this CLI, to be driven without the device."""
        environment = endpoint(cli, self.server.url)
        return await self.agents.conversation(cli, folder=self.work, permission=Permission.ASK, environment=environment)

    async def conversation(self, cli: str) -> str:
        """A new conversation on the device whose provider is the scripted model; its id."""
        if cli not in self.workers:
            body = {"name": cli, "cli": cli, "permission": "ask", "environment": endpoint(cli, self.server.url)}
            self.workers[cli] = (await self.hutch.call("POST", "/api/workers", body))["id"]
        made = await self.hutch.call("POST", "/api/conversations", {"worker": self.workers[cli]})
        return str(made["id"])

    async def turn(self, conversation: str, text: str) -> float:
        """A whole turn over REST; its seconds. RuntimeError with the reason when it failed."""
        path = f"/api/conversations/{conversation}/messages?wait=true"
        wait = aiohttp.ClientTimeout(TURN_SECONDS)
        begun = time.monotonic()
        async with self.hutch.client.post(
            path, json={"text": text}, headers=self.hutch.headers, timeout=wait
        ) as answer:
            told = await answer.json()
        took = time.monotonic() - begun
        if answer.status != 200 or told["turn"]["state"] != "done":
            raise RuntimeError(f"a turn failed: {json.dumps(told)[:300]}")
        return took

    @asynccontextmanager
    async def events(self, conversation: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The events of a conversation, as a browser's EventSource gets them; the first is the opening."""
        path = f"/api/conversations/{conversation}/events"
        wait = aiohttp.ClientTimeout(total=None, sock_read=TURN_SECONDS)
        async with self.hutch.client.get(path, headers=self.hutch.headers, timeout=wait) as response:
            yield _parsed(response.content)


async def _parsed(stream: aiohttp.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while line := await stream.readline():
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


class WordClock:
    """Notes when each of the words ``w0 w1 w2 …`` has arrived, in whatever pieces they come."""

    def __init__(self) -> None:
        self.at: dict[int, float] = {}
        self._rest = ""

    def hear(self, text: str) -> None:
        """A piece of text has come."""
        now = time.monotonic()
        *whole, self._rest = re.split(r"\s", self._rest + text)
        for word in whole:
            found = re.fullmatch(r"w(\d+)", word)
            if found:
                self.at.setdefault(int(found[1]), now)


def numbered(count: int) -> list[str]:
    """The words a :class:`WordClock` knows, each with the blank that ends it."""
    return [f"w{number} " for number in range(count)]


@asynccontextmanager
async def running_rig(folder: Path, program: Path, clis: Sequence[str]) -> AsyncIterator[Rig]:
    """A device and a model of their own, with the CLIs from the tests' cache."""
    cache, agents, work, home = prefix_in(os.environ), folder / "agents", folder / "work", folder / "home"
    for new in (agents, work, home):
        new.mkdir()
    for cli in clis:
        (agents / cli).symlink_to((cache / cli).resolve())
    os.environ["HOME"] = str(home)
    known = Agents(agents, EventBus[AnyEvent]())
    await known.refresh()
    script, port = Turns(), free_port()
    async with ModelServer(script) as server:
        settings = {
            "HOME": str(home),
            "HUTCH_AGENTS": str(agents),
            "HUTCH_WORKSPACE": str(work),
            "HUTCH_OPENCODE_LISTEN": f"127.0.0.1:{port}",
            "HUTCH_MAX_AWAKE_AGENTS": str(len(clis) + 1),
        }
        hutch = Hutch(folder / "hutch", program, settings)
        try:
            await hutch.start()
            yield Rig(hutch, server, script, known, work, folder / "errors.log", clis, port, {})
        finally:
            await hutch.stop()
