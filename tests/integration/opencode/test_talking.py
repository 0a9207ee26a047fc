"""Sessions and messages over the OpenCode API, answered by the scripted agent."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.integration.opencode.rig import OpenCodeRig, text


async def until(events: Any, kind: str) -> list[dict[str, Any]]:  # noqa: ANN401 - an async iterator of JSON
    """The events up to one of a kind."""
    seen = []
    async for event in events:
        seen.append(event)
        if event["type"] == kind:
            break
    return seen


async def test_a_message_is_answered_with_the_agents_message(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    answered = await opencode.ask("POST", f"/session/{session}/message", text("say Hello\nsay  you\nusage 12 3"))
    assert answered.status == 200
    info, parts = answered.json["info"], answered.json["parts"]
    assert (info["role"], info["sessionID"], info["finish"]) == ("assistant", session, "stop")
    assert (info["tokens"]["input"], info["tokens"]["output"]) == (12, 3)
    assert [(part["type"], part["text"]) for part in parts] == [("text", "Hello you")]
    listed = (await opencode.ask("GET", f"/session/{session}/message")).json
    assert [message["info"]["role"] for message in listed] == ["user", "assistant"]
    assert listed[1]["info"]["parentID"] == listed[0]["info"]["id"]
    one = await opencode.ask("GET", f"/session/{session}/message/{info['id']}")
    assert one.json["parts"] == parts
    statuses = await opencode.ask("GET", "/session/status")
    assert statuses.json == {}


async def test_events_tell_of_a_turn_from_beginning_to_end(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    async with opencode.events() as events:
        assert (await anext(events))["type"] == "server.connected"
        words = "think hm\nsay Hel\nsay lo\ntool execute in_progress ls\noutput completed a.txt\nplan one|two"
        sent = await opencode.ask("POST", f"/session/{session}/prompt_async", text(words))
        assert (sent.status, sent.body) == (204, b"")
        seen = await until(events, "session.idle")
    assert all(event["properties"]["sessionID"] == session for event in seen)
    kinds = [event["type"] for event in seen]
    assert kinds.index("message.updated") < kinds.index("message.part.delta") < kinds.index("session.idle")
    deltas = "".join(e["properties"]["delta"] for e in seen if e["type"] == "message.part.delta")
    whole = [e["properties"]["part"] for e in seen if e["type"] == "message.part.updated"]
    texts = [part["text"] for part in whole if part["type"] == "text"]
    assert texts[-1] == "Hello"
    assert deltas == "hmHello"
    tools = [part["state"]["status"] for part in whole if part["type"] == "tool"]
    assert tools[-1] == "completed"
    [*_, todos] = [e["properties"]["todos"] for e in seen if e["type"] == "todo.updated"]
    assert [todo["status"] for todo in todos] == ["completed", "pending"]
    assert (await opencode.ask("GET", f"/session/{session}/todo")).json == todos
    last = [e["properties"]["info"] for e in seen if e["type"] == "message.updated"][-1]
    assert last["time"]["completed"] >= last["time"]["created"]


async def test_a_permission_is_asked_and_given(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    async with opencode.events() as events:
        await opencode.ask("POST", f"/session/{session}/prompt_async", text("ask execute rm -r build"))
        asked = (await until(events, "permission.asked"))[-1]["properties"]
        assert (asked["sessionID"], asked["permission"]) == (session, "bash")
        assert (await opencode.ask("GET", "/session/status")).json == {session: {"type": "busy"}}
        assert [one["id"] for one in (await opencode.ask("GET", "/permission")).json] == [asked["id"]]
        given = await opencode.ask("POST", f"/permission/{asked['id']}/reply", {"reply": "once"})
        assert given.json is True
        again = await opencode.ask("POST", f"/session/{session}/permissions/{asked['id']}", {"response": "reject"})
        assert again.status in (404, 409)
        seen = await until(events, "session.idle")
    replied = [e["properties"] for e in seen if e["type"] == "permission.replied"]
    assert [(one["requestID"], one["reply"]) for one in replied] == [(asked["id"], "once")]
    messages = (await opencode.ask("GET", f"/session/{session}/message")).json
    assert "[yes]" in [part.get("text") for part in messages[-1]["parts"]]


async def test_a_turn_is_stopped(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    async with opencode.events() as events:
        waiting = asyncio.ensure_future(opencode.ask("POST", f"/session/{session}/message", text("say on it\nwait")))
        await until(events, "message.part.updated")
        stopped = await opencode.ask("POST", f"/session/{session}/abort")
        assert stopped.json is True
        answered = await waiting
    assert answered.json["info"]["error"]["name"] == "MessageAbortedError"


async def test_a_turn_that_fails_says_why(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    async with opencode.events() as events:
        answered = await opencode.ask("POST", f"/session/{session}/message", text("crash 3 out of cheese"))
        seen = await until(events, "session.idle")
    assert answered.status == 200
    error = answered.json["info"]["error"]
    assert error["data"]["message"]
    assert [e["properties"]["error"] for e in seen if e["type"] == "session.error"] == [error]


async def test_changes_of_files_are_told(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    await opencode.ask("POST", f"/session/{session}/message", text("diff a.txt new words"))
    diffs = (await opencode.ask("GET", f"/session/{session}/diff")).json
    assert [(one["file"], one["after"], one["additions"]) for one in diffs] == [("a.txt", "new words", 1)]


async def test_sessions_are_listed_changed_and_removed(opencode: OpenCodeRig) -> None:
    (opencode.work / "shop").mkdir()
    first = await opencode.session("one")
    made = await opencode.ask(
        "POST", "/session?directory=shop", {"model": {"providerID": "gemini", "modelID": "m"}, "parentID": first}
    )
    second = made.json["id"]
    assert (made.json["agent"], made.json["directory"]) == ("gemini", str(opencode.work / "shop"))
    assert [one["id"] for one in (await opencode.ask("GET", "/session")).json] == [second, first]
    assert [one["id"] for one in (await opencode.ask("GET", "/session?directory=shop")).json] == [second]
    assert [one["id"] for one in (await opencode.ask("GET", f"/session/{first}/children")).json] == [second]
    renamed = await opencode.ask("PATCH", f"/session/{first}", {"title": "other"})
    assert renamed.json["title"] == "other"
    async with opencode.events() as events:
        assert (await opencode.ask("DELETE", f"/session/{first}")).json is True
        gone = (await until(events, "session.deleted"))[-1]
    assert gone["properties"]["sessionID"] == first
    missing = await opencode.ask("GET", f"/session/{first}")
    assert (missing.status, missing.json["name"]) == (404, "NotFoundError")


async def test_events_of_another_folder_are_left_out(opencode: OpenCodeRig) -> None:
    for name in ("shop", "shed"):
        (opencode.work / name).mkdir()
    async with opencode.events("/event?directory=shop") as events:
        await anext(events)
        await opencode.ask("POST", "/session?directory=shed", {"title": "not told"})
        await opencode.ask("POST", "/session?directory=shop", {"title": "told"})
        event = await anext(events)
    assert (event["type"], event["properties"]["info"]["title"]) == ("session.created", "told")


async def test_events_of_all_folders_name_their_folder(opencode: OpenCodeRig) -> None:
    async with opencode.events("/global/event") as events:
        first = await anext(events)
    assert first == {"directory": str(opencode.work), "payload": first["payload"]}
    assert first["payload"]["type"] == "server.connected"


async def test_a_message_names_another_model_of_the_same_cli(opencode: OpenCodeRig) -> None:
    session = await opencode.session(model={"providerID": "codex", "modelID": "small"})
    path = f"/session/{session}/message"
    await opencode.ask("POST", path, text("say x"))
    answered = await opencode.ask("POST", path, {**text("say y"), "model": {"providerID": "codex", "modelID": "big"}})
    assert (answered.json["info"]["modelID"], answered.json["info"]["providerID"]) == ("big", "codex")
    again = await opencode.ask("POST", path, {**text("say z"), "model": {"providerID": "codex", "modelID": "default"}})
    assert again.json["info"]["modelID"] == "big"
    other = {**text("say z"), "model": {"providerID": "gemini", "modelID": "big"}}
    assert (await opencode.ask("POST", path, other)).status == 400
    evil = {**text("say z"), "model": {"providerID": "codex", "modelID": "a\u0000b"}}
    assert (await opencode.ask("POST", path, evil)).status == 400


async def test_a_slash_command_is_sent_as_words(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    answered = await opencode.ask("POST", f"/session/{session}/command", {"command": "review", "arguments": "all"})
    assert "/review all" in answered.json["parts"][0]["text"]
