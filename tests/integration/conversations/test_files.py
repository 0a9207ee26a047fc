from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.conversations.attachments import FOLDER
from gateway.conversations.parts import MAX_ATTACHMENT, FilePart
from gateway.conversations.types import NewConversation, NewFile, NewMessage, Permission
from gateway.conversations.workers import WorkerValues
from protocol.problems import Problem, ProblemCode
from tests.integration.conversations.rig import Rig


async def pieces(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


async def test_attachments_reach_the_agent_as_it_can_take_them(rig: Rig) -> None:
    talk = await rig.begin()
    files = []
    for name, mime, body in (
        ("shot.png", "image/png", b"\x89PNG"),
        ("notes.txt", "text/plain", b"words"),
        ("../evil/data.bin", "application/x-data", b"\0\1"),
    ):
        kept = await rig.talks.attachments.add(talk.id, name, mime, pieces(body))
        files.append(NewFile(attachment=kept.id))
    turn = await rig.conversations.send(talk.id, NewMessage("blocks", files=files))
    await rig.conversations.wait(talk.id, turn.id)
    text, image, note, link = json.loads(await rig.said(talk))
    assert (text, image) == ("text", "image image/png")
    assert note == "resource"
    where = Path(link.removeprefix("resource_link file://"))
    assert where.is_relative_to(rig.work / FOLDER)
    assert await asyncio.to_thread(where.read_bytes) == b"\0\1"
    user = (await rig.conversations.messages(talk.id))[0]
    names = [(part.name, part.size) for part in user.parts if isinstance(part, FilePart)]
    assert names == [("shot.png", 4), ("notes.txt", 5), ("data.bin", 2)]


async def test_a_file_that_is_too_large_leaves_nothing(rig: Rig) -> None:
    talk = await rig.begin()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1024 * 1024

    with pytest.raises(Problem) as caught:
        await rig.talks.attachments.add(talk.id, "big.bin", "application/octet-stream", endless())
    assert (caught.value.code, caught.value.details) == (ProblemCode.TOO_LARGE, {"limit": MAX_ATTACHMENT})
    assert await asyncio.to_thread(lambda: list((rig.root / "conversations" / "attachments").iterdir())) == []
    with pytest.raises(Problem) as caught:
        await rig.conversations.send(talk.id, NewMessage("x", files=[NewFile(attachment="att_none")]))
    assert caught.value.code is ProblemCode.NOT_FOUND


async def test_files_that_are_named_go_along(rig: Rig) -> None:
    await asyncio.to_thread((rig.work / "src").mkdir)
    await asyncio.to_thread((rig.work / "src" / "main.py").write_text, "x")
    talk = await rig.begin()
    text = "look at @src/main.py, and @nothing.txt or me@example.org and @../secret\nblocks"
    turn = await rig.conversations.send(talk.id, NewMessage(text))
    await rig.conversations.wait(talk.id, turn.id)
    user, answer = await rig.conversations.messages(talk.id)
    assert [part.path for part in user.parts if isinstance(part, FilePart)] == ["src/main.py"]
    assert f"resource_link file://{rig.work}/src/main.py" in str(answer.parts)
    assert await rig.talks.folders.files(talk.id, "mpy", 10) == ["src/main.py"]
    assert await rig.talks.folders.files(talk.id, "zzz", 10) == []


async def test_a_worker_gives_its_values_its_instructions_and_its_variables(rig: Rig) -> None:
    await asyncio.to_thread((rig.work / "site").mkdir)
    worker = await rig.talks.workers.create(
        WorkerValues(
            name="Otto",
            cli="gemini",
            model="small",
            folder="site",
            instructions="Be brief.",
            permission=Permission.EDITS,
            environment={"SECRET_KEY": "hush"},
        )
    )
    talk = await rig.conversations.create(NewConversation(agent_id=worker.id))
    assert (talk.cli, talk.model, talk.folder, talk.permission) == ("gemini", "small", rig.work / "site", "edits")
    await rig.do(talk, "first")
    assert await rig.said(talk) == "Instructions for this conversation:\n\nBe brief."
    await rig.do(talk, "first", "env SECRET_KEY")
    assert await rig.said(talk) == "first\nenv SECRET_KEYhush"
    stored = await asyncio.to_thread((rig.root / "hutch.db").read_bytes)
    assert b"hush" not in stored
    with pytest.raises(Problem) as caught:
        await rig.talks.workers.create(WorkerValues(name="Otto", cli="codex"))
    assert caught.value.code is ProblemCode.NAME_TAKEN
    with pytest.raises(Problem) as caught:
        await rig.talks.workers.create(WorkerValues(name="x", cli="codex", folder="../.."))
    assert caught.value.code is ProblemCode.PATH_OUTSIDE_WORKSPACE
    await rig.talks.workers.remove(worker.id)
    assert (await rig.do(talk, "say still here")).problem is None


async def test_a_slash_command_comes_first_and_alone(rig: Rig) -> None:
    worker = await rig.talks.workers.create(WorkerValues(name="Otto", cli="codex", instructions="Be brief."))
    talk = await rig.conversations.create(NewConversation(agent_id=worker.id))
    await rig.do(talk, "/review all")
    assert await rig.said(talk) == "You said: /review all"
    await rig.do(talk, "first")
    assert "Be brief." in await rig.said(talk)
