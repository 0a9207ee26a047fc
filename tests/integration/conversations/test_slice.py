"""A message over REST reaches a real program, and its answer comes back over the stream and out of the store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.accounts.types import Role
from tests.integration.webui.rig import Rig, running_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with running_rig(tmp_path) as rig:
        await rig.add_people()
        yield rig


@asynccontextmanager
async def followed(rig: Rig, conversation: str) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    path = f"/api/conversations/{conversation}/events"
    async with rig.client.get(path, headers=rig.bearer(Role.VIEWER)) as response:
        assert response.status == 200

        async def events() -> AsyncIterator[dict[str, Any]]:
            while line := await asyncio.wait_for(response.content.readline(), 20):
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

        yield events()


async def test_a_message_is_answered_over_the_stream_and_kept(rig: Rig) -> None:
    made = await rig.call("POST", "/api/conversations", json={"cli": "codex"})
    assert made.status == 201, made.json
    name = made.json["id"]
    async with followed(rig, name) as events:
        opening = await anext(events)
        assert opening["type"] == "opening"
        text = "think hm\nsay Hello\nsay  world\ntool execute in_progress ls\noutput completed a.txt\nsay done"
        sent = await rig.call("POST", f"/api/conversations/{name}/messages", json={"text": text})
        assert sent.status == 202, sent.json
        seen: list[dict[str, Any]] = []
        async for event in events:
            seen.append(event)
            if event["type"] == "turn.ended":
                break
    assert seen[-1]["state"] == "done", seen[-1]
    found = await rig.call("GET", f"/api/conversations/{name}/messages")
    user, agent = found.json["messages"]
    assert user["role"] == "user"
    kinds = [(part["kind"], part.get("text") or part.get("output")) for part in agent["parts"]]
    assert kinds == [("reasoning", "hm"), ("text", "Hello world"), ("tool", "a.txt"), ("text", "done")]
