"""The OpenCode API over a real device, whose agent is the scripted one, on a port of its own."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from gateway.agents.registry import CATALOG
from gateway.programs.own import OwnPrograms
from tests.integration.webui.rig import Answered, Rig, running_rig
from webui.dialects.opencode.authority import OpenCodeAuthority
from webui.dialects.opencode.context import OpenCode
from webui.dialects.opencode.server import make_opencode_app

PASSWORD: Final = "a long enough password"


@dataclass
class OpenCodeRig:
    """A device, and the OpenCode API in front of it."""

    rig: Rig
    client: TestClient[web.Request, web.Application]

    @property
    def url(self) -> str:
        """Where the API is."""
        return str(self.client.make_url("/")).rstrip("/")

    @property
    def work(self) -> Path:
        """The workspace's root."""
        return self.rig.device.workspace.root

    async def ask(self, method: str, path: str, body: object = None, **more: Any) -> Answered:  # noqa: ANN401
        """One request as a program without a password sends it."""
        async with self.client.request(method, path, json=body, **more) as response:
            return await Answered.read(response)

    async def session(self, title: str = "desktop", **more: object) -> str:
        """A new session; its id."""
        made = await self.ask("POST", "/session", {"title": title, **more})
        assert made.status == 200, made.json
        return str(made.json["id"])

    @asynccontextmanager
    async def events(self, path: str = "/event") -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The stream of events."""
        async with self.client.get(path) as response:
            assert response.status == 200

            async def read() -> AsyncIterator[dict[str, Any]]:
                while line := await asyncio.wait_for(response.content.readline(), 20):
                    if line.startswith(b"data: "):
                        yield json.loads(line[6:])

            yield read()


def text(words: str) -> dict[str, object]:
    """The body of a message."""
    return {"parts": [{"type": "text", "text": words}]}


def basic(password: str = PASSWORD, user: str = "opencode") -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@asynccontextmanager
async def running_opencode(root: Path, password: str | None = None) -> AsyncIterator[OpenCodeRig]:
    """The API, open to everybody on this machine unless there is a password."""
    async with running_rig(root) as rig:
        device = rig.device
        await rig.add_people()
        app = make_opencode_app(
            OpenCode(
                conversations=device.conversations,
                sessions=device.sessions,
                workspace=device.workspace,
                attachments=device.attachments,
                programs=OwnPrograms(),
                chat=device.conversations.chat,
                version=device.version,
                clis={cli.name: cli.title for cli in CATALOG.values()},
                default_cli="codex",
                started_at=device.started_at,
            ),
            OpenCodeAuthority(device.accounts, device.audit, password),
            device=device.name,
            hosts=frozenset(),
        )
        async with TestClient(TestServer(app, host="127.0.0.1"), cookie_jar=DummyCookieJar()) as client:
            yield OpenCodeRig(rig, client)
