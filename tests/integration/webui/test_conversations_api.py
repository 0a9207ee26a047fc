"""Conversations over HTTP: the whole way from a request to a program and back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientResponse

from gateway.accounts.types import Role
from tests.integration.webui.rig import Answered, Rig


@asynccontextmanager
async def stream(rig: Rig, path: str) -> AsyncIterator[ClientResponse]:
    async with rig.client.get(path, headers=rig.bearer(Role.VIEWER)) as response:
        assert response.status == 200
        yield response


async def events(response: ClientResponse) -> AsyncIterator[dict[str, Any]]:
    while line := await asyncio.wait_for(response.content.readline(), 20):
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def begin(rig: Rig, **more: object) -> str:
    made = await rig.call("POST", "/api/conversations", role=Role.OPERATOR, json={"cli": "codex", **more})
    assert made.status == 201, made.json
    return str(made.json["id"])


async def do(rig: Rig, name: str, text: str) -> dict[str, Any]:
    path = f"/api/conversations/{name}/messages?wait=true"
    sent = await rig.call("POST", path, role=Role.OPERATOR, json={"text": text})
    assert sent.status == 200, sent.json
    turn: dict[str, Any] = sent.json["turn"]
    return turn


async def test_a_message_is_answered_over_the_stream_and_kept(rig: Rig) -> None:
    name = await begin(rig)
    async with stream(rig, f"/api/conversations/{name}/events") as response:
        told = events(response)
        opening = await anext(told)
        assert (opening["type"], opening["messages"], opening["turn"]) == ("opening", [], None)
        sent = await rig.call("POST", f"/api/conversations/{name}/messages", json={"text": "think hm\nsay Hello"})
        assert (sent.status, sent.json["turn"]["state"]) == (202, "queued")
        kinds = []
        async for event in told:
            kinds.append(event["type"])
            if event["type"] == "turn.ended":
                assert (event["state"], event["turn_id"]) == ("done", sent.json["turn"]["id"])
                break
    assert [kind for kind in kinds if kind.startswith("message.")][:3] == [
        "message.added",
        "message.added",
        "message.part",
    ]
    found = await rig.call("GET", f"/api/conversations/{name}/messages", role=Role.VIEWER)
    user, agent = found.json["messages"]
    assert (user["role"], user["by"]) == ("user", "admin")
    assert [part["text"] for part in agent["parts"]] == ["hm", "Hello"]
    [turn] = (await rig.call("GET", f"/api/conversations/{name}/turns")).json["turns"]
    assert (turn["state"], turn["by"]) == ("done", "admin")


async def test_the_device_stream_has_the_fine_events_on_request_only(rig: Rig) -> None:
    name = await begin(rig)
    async with stream(rig, "/api/events") as coarse, stream(rig, "/api/events?chat=true") as fine:
        await do(rig, name, "say x")
        for response, expected in ((coarse, False), (fine, True)):
            kinds = set()
            async for event in events(response):
                kinds.add(event["type"])
                if event["type"] == "turn.ended":
                    break
            assert "turn.started" in kinds
            assert ("message.part" in kinds) is expected


async def test_a_permission_is_answered_by_an_operator(rig: Rig) -> None:
    name = await begin(rig)
    async with stream(rig, f"/api/conversations/{name}/events") as response:
        await rig.call("POST", f"/api/conversations/{name}/messages", json={"text": "ask execute rm"})
        async for event in events(response):
            if event["type"] == "permission.asked":
                break
        [asked] = (await rig.call("GET", "/api/permissions", role=Role.VIEWER)).json["permissions"]
        path = f"/api/permissions/{asked['id']}"
        assert (await rig.call("POST", path, role=Role.VIEWER, json={"reply": "once"})).code == "forbidden"
        assert (await rig.call("POST", path, json={"reply": "perhaps"})).code == "invalid_request"
        assert (await rig.call("POST", path, role=Role.OPERATOR, json={"reply": "once"})).status == 204
        assert (await rig.call("POST", path, json={"reply": "once"})).code == "conflict"
        async for event in events(response):
            if event["type"] == "turn.ended":
                break
    entries = (await rig.call("GET", "/api/audit?action=permission.answer")).json["entries"]
    assert {"reply": "once", "conversation": name} in [entry["details"] for entry in entries]


async def test_attachments_are_bounded_and_come_back_safely(rig: Rig) -> None:
    name = await begin(rig)
    path = f"/api/conversations/{name}/attachments"
    headers = {"Content-Type": "text/html"}
    kept = await rig.call("POST", f"{path}?name=a.html", headers=headers, data=b"<script>")
    assert (kept.status, kept.json["mime"], kept.json["size"]) == (201, "text/html", 8)
    shown = await rig.call("GET", f"{path}/{kept.json['id']}", role=Role.VIEWER)
    assert shown.body == b"<script>"
    assert shown.headers["Content-Type"] == "application/octet-stream"
    assert shown.headers["Content-Disposition"].startswith("attachment")
    image = await rig.call("POST", f"{path}?name=a.png", headers={"Content-Type": "image/png"}, data=b"\x89PNG")
    assert (await rig.call("GET", f"{path}/{image.json['id']}")).headers["Content-Type"] == "image/png"

    async def hundred() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024 * 1024

    big = await rig.call("POST", f"{path}?name=big.bin", data=hundred())
    assert (big.status, big.code) == (413, "too_large")
    left = await asyncio.to_thread(lambda: list((rig.root / "conversations" / "attachments").iterdir()))
    assert len(left) == 2
    other = await begin(rig)
    assert (await rig.call("GET", f"/api/conversations/{other}/attachments/{image.json['id']}")).status == 404


async def test_workers_keep_their_secrets(rig: Rig) -> None:
    body = {"name": "Otto", "cli": "gemini", "environment": {"API_KEY": "hush", "URL": "http://x"}}
    made = await rig.call("POST", "/api/workers", role=Role.OPERATOR, json=body)
    assert (made.status, made.json["environment"]) == (201, ["API_KEY", "URL"])
    assert b"hush" not in made.body
    path = f"/api/workers/{made.json['id']}"
    change = {"model": "big", "environment": {"URL": None, "MORE": "1"}}
    changed = await rig.call("PATCH", path, json=change)
    assert (changed.json["model"], changed.json["environment"]) == ("big", ["API_KEY", "MORE"])
    assert (await rig.call("PATCH", path, json={"model": None})).json["model"] is None
    name = await begin(rig, worker=made.json["id"], cli="gemini")
    await do(rig, name, "env API_KEY")
    shown = await rig.call("GET", f"/api/conversations/{name}/messages")
    assert "hush" in str(shown.json["messages"][1])
    [day] = (await rig.call("GET", "/api/usage?days=2")).json["days"]
    assert (day["worker_name"], day["cli"], day["turns"]) == ("Otto", "gemini", 1)
    assert (await rig.call("DELETE", path)).status == 204
    assert (await rig.call("GET", f"/api/conversations/{name}")).json["worker"] is None


async def test_search_lists_and_exports(rig: Rig) -> None:
    name = await begin(rig, title="About foxes")
    await do(rig, name, "say the quick brown fox")
    found = (await rig.call("GET", "/api/search?q=brown+fo", role=Role.VIEWER)).json["found"]
    assert {hit["conversation"]["id"] for hit in found} == {name}
    listed = (await rig.call("GET", "/api/conversations?q=foxes&status=idle")).json
    assert (listed["total"], listed["next"]) == (1, None)
    export = await rig.call("GET", f"/api/conversations/{name}/export?form=markdown")
    assert b"quick brown fox" in export.body
    assert f"{name}.md" in export.headers["Content-Disposition"]
    changed = await rig.call("PATCH", f"/api/conversations/{name}", json={"title": "Cats", "archived": True})
    assert (changed.json["title"], changed.json["archived"]) == ("Cats", True)
    assert (await rig.call("GET", "/api/conversations")).json["conversations"] == []
    assert (await rig.call("DELETE", f"/api/conversations/{name}")).status == 204
    assert (await rig.call("GET", f"/api/conversations/{name}")).code == "not_found"


async def test_permission_and_model_change_in_the_middle(rig: Rig) -> None:
    name = await begin(rig)
    path = f"/api/conversations/{name}"
    async with stream(rig, f"{path}/events") as response:
        told = events(response)
        await rig.call("POST", f"{path}/messages", json={"text": "ask execute rm"})
        async for event in told:
            if event["type"] == "permission.asked":
                break
        changed = await rig.call("PATCH", path, role=Role.OPERATOR, json={"permission": "all", "model": "big"})
        assert (changed.json["permission"], changed.json["model"]) == ("all", "big")
        async for event in told:
            if event["type"] == "permission.answered":
                assert (event["reply"], event["by"]) == ("once", "operator")
                break
    assert (await rig.call("PATCH", path, json={"title": "Kept"})).json["model"] == "big"
    assert (await rig.call("PATCH", path, json={"model": None})).json["model"] is None
    assert (await rig.call("PATCH", path, role=Role.VIEWER, json={"permission": "ask"})).code == "forbidden"
    for wrong in ({"permission": "some"}, {"model": ""}, {"model": "a\u0000b"}, {"model": 3}, {"permission": ["all"]}):
        assert (await rig.call("PATCH", path, json=wrong)).code == "invalid_request"
    entries = (await rig.call("GET", "/api/audit?action=conversation.change")).json["entries"]
    assert {"permission": "all"} in [entry["details"] for entry in entries]


async def test_each_answer_says_what_it_took(rig: Rig) -> None:
    name = await begin(rig)
    await do(rig, name, "say one\nusage 120 7\ncontext 500 1000 0.02")
    await do(rig, name, "say two")
    found = (await rig.call("GET", f"/api/conversations/{name}/messages")).json["messages"]
    assert [message["usage"] is None for message in found] == [True, False, True, False]
    took = found[1]["usage"]
    assert (took["input_tokens"], took["output_tokens"], took["cost_usd"]) == (120, 7, 0.02)
    assert found[3]["usage"]["input_tokens"] is None
    export = (await rig.call("GET", f"/api/conversations/{name}/export")).json
    assert export["messages"][1]["usage"] == took


async def test_an_agent_is_woken_ahead_of_its_message(rig: Rig) -> None:
    name = await begin(rig)
    path = f"/api/conversations/{name}"
    async with stream(rig, f"{path}/events") as response:
        assert (await rig.call("POST", f"{path}/wake", role=Role.VIEWER)).code == "forbidden"
        assert (await rig.call("POST", f"{path}/wake", role=Role.OPERATOR)).status == 204
        async for event in events(response):
            if event["type"] == "conversation.changed" and event["awake"]:
                break
    assert (await do(rig, name, "say x"))["state"] == "done"
    assert (await rig.call("POST", "/api/conversations/con_none/wake")).code == "not_found"


async def test_cancel_and_retry(rig: Rig) -> None:
    name = await begin(rig)
    path = f"/api/conversations/{name}"
    assert (await rig.call("POST", f"{path}/cancel")).json == {"cancelled": False}
    assert (await do(rig, name, "error -32603 no idea"))["problem"]["retryable"] is True
    again = await rig.call("POST", f"{path}/retry")
    assert again.status == 202
    await asyncio.wait_for(rig.device.conversations.wait(name, again.json["turn"]["id"]), 20)
    assert (await rig.call("GET", path)).json["status"] == "failed"


async def test_folders_over_http(rig: Rig) -> None:
    name = await begin(rig)
    path = f"/api/conversations/{name}"
    await asyncio.to_thread((rig.root / "work" / "main.py").write_text, "x")
    assert (await rig.call("GET", f"{path}/files?q=main")).json == {"paths": ["main.py"]}
    assert (await rig.call("GET", f"{path}/changes")).json == {"available": False, "branch": None, "files": []}
    for answered in (
        await rig.call("POST", f"{path}/commit", json={"message": "x"}),
        await rig.call("POST", f"{path}/push"),
        await rig.call("POST", f"{path}/discard", json={}),
    ):
        assert isinstance(answered, Answered)
        assert answered.code == "conflict"
