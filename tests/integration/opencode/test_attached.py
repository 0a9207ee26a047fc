"""Files of a message: in ``data:`` URLs, and by ``file:`` URLs inside the session's folder."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import Any

import pytest

from tests.integration.opencode.rig import OpenCodeRig
from webui.dialects.opencode.requests import MAX_PROMPT

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def file(url: str, mime: str = "", **more: object) -> dict[str, object]:
    return {"type": "file", "url": url, "mime": mime, **more}


async def sent(opencode: OpenCodeRig, session: str, *files: dict[str, object], words: str = "blocks") -> Any:  # noqa: ANN401
    body = json.dumps({"parts": [{"type": "text", "text": words}, *files]}).encode()
    headers = {"Content-Type": "application/json"}
    return await opencode.ask("POST", f"/session/{session}/message", data=io.BytesIO(body), headers=headers)


async def stored(opencode: OpenCodeRig) -> int:
    folder = opencode.rig.root / "conversations" / "attachments"
    return await asyncio.to_thread(lambda: len(list(folder.iterdir())))


async def test_files_that_come_along_reach_the_agent(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    answered = await sent(
        opencode,
        session,
        file(data("image/png", PNG), "image/png", filename="shot.png"),
        file("data:,caf%C3%A9%20list"),
        file(data("text/plain;charset=utf-8", b"words"), filename="../../etc/notes.txt"),
        file("data:application/x-thing;base64,AAEC"),
    )
    kinds = json.loads(answered.json["parts"][0]["text"])
    assert kinds[:4] == ["text", "image image/png", "resource", "resource"]
    assert kinds[4].startswith("resource_link file://")
    listed = (await opencode.ask("GET", f"/session/{session}/message")).json
    files = [part for part in listed[0]["parts"] if part["type"] == "file"]
    assert [(one["filename"], one["mime"]) for one in files] == [
        ("shot.png", "image/png"),
        ("file-2.txt", "text/plain"),
        ("notes.txt", "text/plain"),
        ("file-4", "application/x-thing"),
    ]
    assert await stored(opencode) == 4


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,not base64!",
        "data:image/png",
        data("image/png", b"<svg onload=alert(1)>"),
        f"data:{'x' * 2000},a",
        "https://example.org/a.png",
        "file://host/etc/passwd",
        "data:text/plain;base64,AAA",
    ],
)
async def test_what_is_no_file_is_refused_and_leaves_nothing(opencode: OpenCodeRig, url: str) -> None:
    session = await opencode.session()
    refused = await sent(opencode, session, file(data("text/plain", b"first")), file(url))
    assert (refused.status, refused.json["data"]["code"]) == (400, "invalid_request")
    assert await stored(opencode) == 0
    assert (await opencode.ask("GET", f"/session/{session}/message")).json == []


async def test_files_are_bounded(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    fits = await sent(opencode, session, file(data("application/zip", bytes(MAX_PROMPT // 2))))
    assert fits.status == 200
    large = await sent(opencode, session, file(data("application/zip", bytes(MAX_PROMPT))))
    assert (large.status, large.json["data"]["code"]) == (413, "too_large")
    many = await sent(opencode, session, *(file(data("text/plain", b"x")) for _ in range(21)))
    assert many.json["data"]["code"] == "too_many"
    assert await stored(opencode) == 1


async def test_a_message_that_is_refused_keeps_no_files(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    refused = await sent(opencode, session, file(data("text/plain", b"x")), file("file:///nowhere/else.txt"))
    assert refused.status in (400, 403, 404)
    assert await stored(opencode) == 0


async def test_files_of_the_folder_are_named(opencode: OpenCodeRig) -> None:
    shop = opencode.work / "shop"
    await asyncio.to_thread(shop.mkdir)
    await asyncio.to_thread((shop / "a b.txt").write_text, "x")
    await asyncio.to_thread((shop / "out").symlink_to, "/etc")
    made = await opencode.ask("POST", "/session?directory=shop", {"title": "shop"})
    session = made.json["id"]
    answered = await sent(opencode, session, file(f"file://{shop}/a%20b.txt", "text/plain"))
    assert json.loads(answered.json["parts"][0]["text"])[1] == f"resource_link file://{shop}/a%20b.txt"
    for wrong in (
        f"file://{shop}/out/passwd",
        f"file://{opencode.work}/b.txt",
        "file:///etc/passwd",
        f"file://{shop}/gone",
    ):
        refused = await sent(opencode, session, file(wrong))
        assert refused.status in (400, 403, 404, 409), (wrong, refused.json)
