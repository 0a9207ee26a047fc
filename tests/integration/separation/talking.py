"""A device in two accounts with scripted agent CLIs, and conversations with them over the device's own API."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from tests.integration.agents.scripted import put_claude
from tests.integration.separation.accounts import AGENTS, Accounts, environment, processes_of, python
from tests.integration.separation.device import SECONDS, Answered, Device, device

_OPENCODE = """#!/bin/sh
[ "$1" = --version ] && {{ echo 1.18.18; exit; }}
if [ "$1" = acp ]; then
  export PYTHONPATH={path}
  exec {python} -m tests.doubles.acp_agent --state "$HOME/remembered" $(cat "$HOME/options" 2>/dev/null)
fi
id -u > account
env > environment.new && mv environment.new environment
while read -r event data; do printf '%s' "$data" | hutch-hook opencode "$event"; done
"""


def put_clis(accounts: Accounts) -> None:
    """Put an ``opencode`` and a ``claude`` where both accounts find them."""
    put_claude(accounts.programs)
    program = accounts.programs / "opencode"
    program.write_text(_OPENCODE.format(path=environment(accounts.home)["PYTHONPATH"], python=python()))
    program.chmod(0o755)


@dataclass(frozen=True)
class Talking:
    """The device, and what is asked of it."""

    device: Device

    @property
    def accounts(self) -> Accounts:
        """The folders."""
        return self.device.accounts

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 (JSON)
        """What the device answers, which has to be a success."""
        answer = await self.device.call(method, path, body)
        assert answer.status < 300, answer
        return answer.json

    async def begin(self, **more: object) -> str:
        """A new conversation; its id."""
        return str((await self.ask("POST", "/api/conversations", {"cli": "opencode", **more}))["id"])

    async def send(self, talk: str, *steps: str, **more: object) -> str:
        """Send steps; the turn's id."""
        body = {"text": "\n".join(steps), **more}
        return str((await self.ask("POST", f"/api/conversations/{talk}/messages", body))["turn"]["id"])

    async def do(self, talk: str, *steps: str, **more: object) -> str:
        """Send steps, wait for the end, which has to be a good one, and give what the agent said."""
        body = {"text": "\n".join(steps), **more}
        turn = (await self.ask("POST", f"/api/conversations/{talk}/messages?wait=true", body))["turn"]
        assert turn["state"] == "done", turn
        return await self.said(talk)

    async def said(self, talk: str) -> str:
        """The words of the last message, which is the agent's."""
        *_, last = (await self.ask("GET", f"/api/conversations/{talk}/messages"))["messages"]
        assert last["role"] == "agent"
        return "".join(part["text"] for part in last["parts"] if part["kind"] == "text")

    @asynccontextmanager
    async def following(self, talk: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The events of a conversation as they come, the opening first."""
        connector = aiohttp.UnixConnector(path=str(self.accounts.data / "console.sock"))
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.get(f"http://localhost/api/conversations/{talk}/events") as response,
        ):

            async def read() -> AsyncIterator[dict[str, Any]]:
                while line := await asyncio.wait_for(response.content.readline(), SECONDS):
                    if line.startswith(b"data: "):
                        yield json.loads(line[6:])

            yield read()

    async def attach(self, talk: str, name: str, data: bytes) -> str:
        """Attach a file; its id."""
        answer: Answered = await self.device.call(
            "POST", f"/api/conversations/{talk}/attachments?name={name}", data=data
        )
        match answer.json:
            case {"id": str(attachment)}:
                return attachment
        raise AssertionError(answer)

    def foreign(self, path: Path) -> set[str]:
        """What below a folder is not the agents'. Blocks."""
        return {str(entry) for entry in path.rglob("*") if entry.lstat().st_uid != AGENTS.pw_uid}


def agents_of(accounts: Accounts) -> list[psutil.Process]:
    """The programs of conversations, and what they started."""
    found = []
    for process in processes_of(AGENTS.pw_uid):
        try:
            words = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "acp_agent" in words or words == "sleep 600":
            found.append(process)
    return found


@asynccontextmanager
async def talking(accounts: Accounts, **settings: str) -> AsyncIterator[Talking]:
    """A device that runs, with its CLIs."""
    await asyncio.to_thread(put_clis, accounts)
    path = f"{accounts.programs}:{os.environ['PATH']}"
    async with device(accounts, accounts.at_home(), {"PATH": path, **settings}) as made:
        yield Talking(made)
