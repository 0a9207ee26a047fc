"""Every command of the wire, answered as its table says."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from foundation.actors import Actor
from gateway.hub_link.lanes import MAX_JOBS
from gateway.sessions.types import SessionSpec
from tests.doubles.control_plane import DeviceLink
from tests.doubles.control_plane.wire import rule_for
from tests.integration.hub_link.memory import MemoryDevice

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPZvJDx me"
EVERY_COMMAND: list[tuple[str, dict[str, Any]]] = [
    ("session.create", {"session_id": "new", "name": "new", "workdir": "w", "agent": "none"}),
    ("session.input", {"session_id": "old", "data": base64.b64encode(b"\x00\xffhi").decode()}),
    ("session.resize", {"session_id": "old", "cols": 120, "rows": 40}),
    ("session.snapshot", {"session_id": "old"}),
    ("session.ack", {"session_id": "old", "seq": 0}),
    ("session.end", {"session_id": "old"}),
    ("ssh.authorize", {"public_key": KEY, "label": "laptop", "expires_at": "2027-01-01T00:00:00Z"}),
    ("ssh.list", {}),
    ("ssh.revoke", {"fingerprint": "SHA256:0"}),
    ("file.upload.begin", {"transfer_id": "up", "dest_path": "a/b.txt", "size": 3, "total_chunks": 1}),
    ("file.upload.chunk", {"transfer_id": "open", "seq": 0, "data": base64.b64encode(b"abc").decode()}),
    ("file.upload.end", {"transfer_id": "open"}),
    ("file.cancel", {"transfer_id": "open"}),
    ("file.download", {"transfer_id": "down", "path": "there.bin"}),
    ("agents.install", {"agent": "codex"}),
    ("agents.list", {}),
    ("workspace.list", {}),
    ("gateway.update", {"url": "https://example.org/x", "sha256": "0" * 64, "version": "9.9"}),
    ("key.rotate", {}),
]


async def _furnish(memory: MemoryDevice) -> None:
    await memory.sessions.create(SessionSpec("old", Path("work"), session_id="old"))
    await memory.ssh_keys.authorize(KEY, "first", None)
    await memory.transfers.begin_upload("open", "open.txt", 3, 1)
    memory.transfers.files["there.bin"] = bytes(range(256)) * 1000


@pytest.mark.parametrize(("kind", "fields"), EVERY_COMMAND, ids=[kind for kind, _ in EVERY_COMMAND])
async def test_every_command_is_answered_once_and_as_the_wire_says(
    kind: str, fields: dict[str, Any], hub: DeviceLink, memory: MemoryDevice
) -> None:
    await _furnish(memory)
    await hub.event("session.snapshot")
    answer = await hub.command(kind, **fields)
    assert answer.ok, answer.error
    assert len(answer.acks) == (1 if rule_for(kind).ack else 0)
    # The answers that name the request come once, and nothing names it after the last one.
    assert (await hub.command("workspace.list")).ok
    naming = [m["type"] for m in hub.journal.messages() if m.get("request_id") == answer.request_id]
    assert len(naming) == len(set(naming))
    if answer.acks:
        assert naming[-1] == "ack"


async def test_a_session_lives_its_life_over_the_wire(hub: DeviceLink, memory: MemoryDevice) -> None:
    config = {"claude_md": "be kind", "agents_md": "be brief"}
    created = await hub.command(
        "session.create",
        session_id="life",
        name="my work",
        workdir="project",
        agent="codex",
        agent_config=config,
        env={"LANGUAGE": "de"},
    )
    assert created.event("session.started")["pid"] == 4711
    spec = memory.sessions.at("life").spec
    assert (spec.agent, spec.claude_md, spec.agents_md, dict(spec.env)) == (
        "codex",
        "be kind",
        "be brief",
        {"LANGUAGE": "de"},
    )
    first = await hub.event("session.snapshot")
    assert first["session_id"] == "life"
    await hub.binary_input("life", b"one\n")
    assert (await hub.text_input("life", b"two\n")).ok
    await hub.output("life", b"one\ntwo\n")
    frames = list(hub.journal.frames("life"))
    assert [frame.kind for frame in frames] == [1] * len(frames)
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    mark = hub.journal.mark
    assert (await hub.command("session.resize", session_id="life", cols=100, rows=30)).ok
    resized = await hub.event("session.snapshot", after=mark)
    assert (resized["cols"], resized["rows"]) == (100, 30)
    shown = (await hub.command("session.snapshot", session_id="life")).event("session.snapshot")
    assert shown["content"] == "one\ntwo\n"
    assert shown["seq"] == len(frames)
    ended = await hub.command("session.end", session_id="life")
    assert ended.event("session.ended")["exit_code"] == 0
    assert len(list(hub.journal.messages("session.ended"))) == 1
    assert memory.sessions.at("life").viewers == []


async def test_a_session_that_starts_or_ends_on_the_device_appears_at_the_hub(
    hub: DeviceLink, memory: MemoryDevice
) -> None:
    await memory.sessions.create(SessionSpec("local", Path("w"), session_id="local"))
    snapshot = await hub.event("session.snapshot")
    assert snapshot["session_id"] == "local"
    assert "request_id" not in snapshot
    memory.sessions.at("local").write(b"last words")
    memory.sessions.finish("local", 130)
    ended = await hub.event("session.ended")
    assert ended["exit_code"] == 130
    kinds = [i["type"] if isinstance(i, dict) else i.payload for i in hub.journal.items]
    assert kinds[-2:] == [b"last words", "session.ended"]


async def test_an_id_that_is_used_again_is_shown_again(hub: DeviceLink, memory: MemoryDevice) -> None:
    fields: dict[str, Any] = {"session_id": "again", "name": "again", "workdir": "w", "agent": "none"}
    for _ in range(3):
        mark = hub.journal.mark
        assert (await hub.command("session.create", **fields)).ok
        await hub.event("session.snapshot", after=mark)
        assert (await hub.command("session.end", session_id="again")).ok
    assert len(list(hub.journal.messages("session.ended"))) == 3


async def test_typing_takes_the_keyboard_and_a_lost_hub_gives_it_back(hub: DeviceLink, memory: MemoryDevice) -> None:
    await memory.sessions.create(SessionSpec("k", Path("w"), session_id="k"))
    control = memory.sessions.at("k").control
    control.take("somebody", "Ada")
    await hub.binary_input("k", b"x")
    await hub.output("k", b"x")
    assert control.holder == "hub"
    await hub.binary_input("k", b"y")
    await hub.output("k", b"xy")
    assert memory.audit.records == [("session.control", "k", "ok")]
    hub.drop()
    async with asyncio.timeout(5), memory.bus.subscribe() as events:
        while control.holder is not None:
            await anext(events)


async def test_acks_reach_the_viewer(hub: DeviceLink, memory: MemoryDevice) -> None:
    await memory.sessions.create(SessionSpec("a", Path("w"), session_id="a"))
    await hub.event("session.snapshot")
    posted = [await hub.post("session.ack", session_id="a", seq=seq) for seq in range(20)]
    await hub.answer(posted[-1], "session.ack", {})
    assert max(memory.sessions.at("a").viewers[0].acked) == 19


async def test_a_file_goes_up_and_comes_down_unchanged(hub: DeviceLink, memory: MemoryDevice) -> None:
    data = bytes(range(256)) * 2000
    size = 128 * 1024
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    fields: dict[str, Any] = {"dest_path": "in/file.bin", "size": len(data), "total_chunks": len(pieces)}
    assert (await hub.command("file.upload.begin", transfer_id="u1", **fields)).ok
    posted = [
        await hub.post("file.upload.chunk", transfer_id="u1", seq=seq, data=base64.b64encode(piece).decode())
        for seq, piece in enumerate(pieces)
    ]
    assert (await hub.command("file.upload.end", transfer_id="u1")).ok
    assert [(await hub.answer(p, "file.upload.chunk", {})).ok for p in posted] == [True] * len(pieces)
    assert memory.transfers.files["in/file.bin"] == data
    down = await hub.command("file.download", transfer_id="d1", path="in/file.bin")
    kinds = [event["type"] for event in down.events]
    chunks = [event for event in down.events if event["type"] == "file.content.chunk"]
    assert kinds == ["file.content.begin", *["file.content.chunk"] * len(chunks), "file.content.end"]
    assert [chunk["seq"] for chunk in chunks] == list(range(down.events[0]["total_chunks"]))
    assert b"".join(base64.b64decode(chunk["data"]) for chunk in chunks) == data
    assert down.events[0]["size"] == len(data)


async def test_a_download_is_cancelled_in_the_middle(hub: DeviceLink, memory: MemoryDevice) -> None:
    memory.transfers.files["big"] = bytes(20 * 1024 * 1024)
    hub.stall()
    request = await hub.post("file.download", transfer_id="d", path="big")
    cancel = await hub.post("file.cancel", transfer_id="d")
    hub.resume()
    assert (await hub.answer(cancel, "file.cancel", {})).ok
    refused = await hub.answer(request, "file.download", {"transfer_id": "d"})
    assert not refused.ok
    assert refused.error
    assert "file.content.end" not in [m["type"] for m in hub.journal.messages()]
    assert memory.transfers.downloads == {}


async def test_answers_of_lists(hub: DeviceLink, memory: MemoryDevice) -> None:
    await memory.ssh_keys.authorize(KEY, "lap\x1btop", None)
    keys = (await hub.command("ssh.list")).event("ssh.keys")["keys"]
    assert keys == [
        {"fingerprint": "SHA256:0", "label": "lap top", "algorithm": "ssh-ed25519", "added_at": "2026-11-21T08:00:00Z"}
    ]
    assert (await hub.command("agents.install", agent="codex")).event("agent.installed")["version"] == "1.2.3"
    agents = (await hub.command("agents.list")).event("agents.status")["agents"]
    assert [(a["agent"], a["installed"], a.get("version")) for a in agents] == [
        ("claude-code", False, None),
        ("codex", True, "1.2.3"),
        ("gemini", False, None),
        ("opencode", False, None),
    ]
    assert (await hub.command("workspace.list")).event("workspace.folders")["folders"] == ["one", "two"]


async def test_an_update_fails_with_its_reason(hub: DeviceLink, memory: MemoryDevice) -> None:
    fields: dict[str, Any] = {"url": "https://example.org/x", "sha256": "A" * 64, "version": "9.9"}
    answer = await hub.command("gateway.update", **fields)
    assert answer.acks == []
    assert "9.9" in answer.event("gateway.update_failed")["error"]
    assert memory.audit.records == [("gateway.update", "9.9", "update_unavailable")]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("session.create", {"session_id": "n", "name": "n", "workdir": "missing"}),
        ("session.input", {"session_id": "nobody", "data": "aGk="}),
        ("session.resize", {"session_id": "nobody", "cols": 1, "rows": 1}),
        ("session.end", {"session_id": "nobody"}),
        ("session.ack", {"session_id": "nobody", "seq": 1}),
        ("session.snapshot", {"session_id": "nobody"}),
        ("ssh.authorize", {"public_key": "nonsense", "label": "x"}),
        ("ssh.revoke", {"fingerprint": "SHA256:none"}),
        ("file.upload.begin", {"transfer_id": "t", "dest_path": "../out", "size": 1, "total_chunks": 1}),
        ("file.upload.chunk", {"transfer_id": "t", "seq": 0, "data": "aGk="}),
        ("file.upload.end", {"transfer_id": "t"}),
        ("file.download", {"transfer_id": "t", "path": "nothing"}),
        ("file.cancel", {"transfer_id": "t"}),
        ("agents.install", {"agent": "gemini"}),
    ],
)
async def test_what_cannot_be_done_is_refused_once_with_a_sentence(
    kind: str, fields: dict[str, Any], hub: DeviceLink
) -> None:
    answer = await hub.command(kind, **fields)
    assert len(answer.acks) == 1
    assert not answer.ok
    assert len(answer.error) > 10
    assert (await hub.command("workspace.list")).ok


async def test_a_mistake_of_ours_is_refused_without_its_details(
    hub: DeviceLink, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await hub.command("session.create", session_id="x", name="x", workdir="broken")
    assert not answer.ok
    assert "secret details" not in answer.error
    assert "session.create" in caplog.text


async def test_every_change_is_in_the_audit_log_as_the_hubs(hub: DeviceLink, memory: MemoryDevice) -> None:
    await _furnish(memory)
    await hub.event("session.snapshot")
    for kind, fields in EVERY_COMMAND:
        if kind != "file.cancel":
            await hub.command(kind, **fields)
    await hub.command("session.create", session_id="bad", name="bad", workdir="missing")
    assert memory.audit.actors == {Actor("hub", source="hub")}
    assert memory.audit.records == [
        ("session.create", "new", "ok"),
        ("session.control", "old", "ok"),
        ("session.end", "old", "ok"),
        ("ssh.authorize", "SHA256:1", "ok"),
        ("ssh.revoke", "SHA256:0", "ok"),
        ("file.upload.begin", "a/b.txt", "ok"),
        ("file.upload", "open.txt", "ok"),
        ("file.download", "there.bin", "ok"),
        ("agent.install", "codex", "ok"),
        ("gateway.update", "9.9", "update_unavailable"),
        ("key.rotate", "key", "ok"),
        ("session.create", "bad", "workdir_missing"),
    ]


async def test_too_many_commands_at_once_are_refused_and_the_others_done(hub: DeviceLink, memory: MemoryDevice) -> None:
    await memory.sessions.create(SessionSpec("s", Path("w"), session_id="s"))
    memory.sessions.slow = asyncio.Event()
    posted = [await hub.post("session.input", session_id="s", data="eA==") for _ in range(MAX_JOBS + 10)]
    for late in posted[-10:]:
        assert "under way" in (await hub.answer(late, "session.input", {})).error
    assert not (await hub.command("workspace.list")).ok
    memory.sessions.slow.set()
    for early in posted[:-10]:
        assert (await hub.answer(early, "session.input", {})).ok
    assert memory.sessions.at("s").typed == b"x" * MAX_JOBS
    assert (await hub.command("workspace.list")).ok


async def test_a_slow_command_holds_up_only_its_session(hub: DeviceLink, memory: MemoryDevice) -> None:
    for name in ("slow", "other"):
        await memory.sessions.create(SessionSpec(name, Path("w"), session_id=name))
    memory.sessions.slow = gate = asyncio.Event()
    first = await hub.post("session.input", session_id="slow", data="MQ==")
    await hub.binary_input("slow", b"2")
    await hub.binary_input("slow", b"3")
    last = await hub.post("session.input", session_id="slow", data="NA==")
    assert (await hub.command("session.snapshot", session_id="other")).ok
    assert [m for m in hub.journal.messages("ack") if m["request_id"] in (first, last)] == []
    gate.set()
    assert (await hub.answer(last, "session.input", {})).ok
    assert memory.sessions.at("slow").typed == b"1234"
