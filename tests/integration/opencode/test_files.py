"""Files and searches of the OpenCode API."""

from __future__ import annotations

import pytest

from tests.integration.opencode.rig import OpenCodeRig


@pytest.fixture
def filled(opencode: OpenCodeRig) -> OpenCodeRig:
    shop = opencode.work / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "src" / "till.py").write_text("price = 3\nprint(price)\n")
    (shop / "logo.png").write_bytes(b"\x89PNG\x00\x01")
    (shop / "node_modules").mkdir()
    (shop / "node_modules" / "till.js").write_text("price")
    (shop / "outside").symlink_to("/etc")
    return opencode


async def test_folders_are_listed(filled: OpenCodeRig) -> None:
    listed = (await filled.ask("GET", "/file?path=shop")).json
    assert [(node["name"], node["type"]) for node in listed] == [
        ("node_modules", "directory"),
        ("src", "directory"),
        ("logo.png", "file"),
        ("outside", "file"),
    ]
    assert listed[1]["absolute"] == str(filled.work / "shop" / "src")
    same = (await filled.ask("GET", "/file?directory=shop&path=.")).json
    assert same == listed


async def test_files_are_read(filled: OpenCodeRig) -> None:
    read = (await filled.ask("GET", "/file/content?directory=shop&path=src/till.py")).json
    assert (read["type"], read["content"]) == ("text", "price = 3\nprint(price)\n")
    picture = (await filled.ask("GET", "/file/content?path=shop/logo.png")).json
    assert (picture["type"], picture["encoding"], picture["mimeType"]) == ("binary", "base64", "image/png")


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "shop/outside/passwd", "shop/../../x"])
async def test_nothing_outside_is_read(filled: OpenCodeRig, path: str) -> None:
    refused = await filled.ask("GET", "/file/content", params={"path": path})
    assert refused.status in (403, 404, 409), refused.json


async def test_names_are_found(filled: OpenCodeRig) -> None:
    assert (await filled.ask("GET", "/find/file?query=TILL")).json == ["shop/src/till.py"]
    assert (await filled.ask("GET", "/find/file?query=src&directory=shop&dirs=false")).json == ["src/till.py"]
    assert (await filled.ask("GET", "/find/file?query=src&directory=shop&type=directory")).json == ["src"]
    assert (await filled.ask("GET", "/find/file?query=nowhere")).json == []


async def test_lines_are_found(filled: OpenCodeRig) -> None:
    [first, second] = (await filled.ask("GET", "/find?pattern=price&directory=shop")).json
    assert (first["path"], first["line_number"], first["lines"]) == (
        {"text": "src/till.py"},
        1,
        {"text": "price = 3\n"},
    )
    assert second["submatches"] == [{"match": {"text": "price"}, "start": 6, "end": 11}]
    assert second["absolute_offset"] == len("price = 3\n")
    assert (await filled.ask("GET", "/find?pattern=nothing+like+it")).json == []
    refused = await filled.ask("GET", "/find", params={"pattern": "(unclosed"})
    assert refused.status == 400


async def test_a_search_stops_at_its_limit(filled: OpenCodeRig) -> None:
    (filled.work / "many.txt").write_text("hay\n" * 5000)
    assert len((await filled.ask("GET", "/find?pattern=hay")).json) == 200


async def test_the_server_tells_of_itself(filled: OpenCodeRig) -> None:
    providers = (await filled.ask("GET", "/config/providers")).json
    assert {one["id"] for one in providers["providers"]} == {"claude-code", "codex", "gemini", "opencode"}
    assert (await filled.ask("GET", "/config")).json["model"] == "codex/default"
    assert (await filled.ask("GET", "/path")).json["worktree"] == str(filled.work)
    assert (await filled.ask("GET", "/project/current")).json["worktree"] == str(filled.work)
    assert len((await filled.ask("GET", "/project")).json) == 1
    assert [one["name"] for one in (await filled.ask("GET", "/agent")).json][1] == "codex"
