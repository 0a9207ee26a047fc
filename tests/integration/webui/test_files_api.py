from __future__ import annotations

import hashlib
import os

from gateway.accounts.types import Role
from tests.integration.webui.rig import Answered, Rig

CONTENT = bytes(range(256)) * 10


async def get(rig: Rig, headers: dict[str, str]) -> Answered:
    return await rig.call("GET", "/api/files/content?path=some.bin", role=Role.VIEWER, headers=headers)


def put(rig: Rig, name: str, content: bytes = CONTENT) -> None:
    descriptor = os.open(rig.root / "work" / name, os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, content)
    os.close(descriptor)


async def test_folders_are_made_listed_moved_and_removed(rig: Rig) -> None:
    assert (await rig.call("POST", "/api/files/folders", json={"path": "a/b"})).status == 204
    assert (await rig.call("POST", "/api/files/move", json={"from": "a/b", "to": "a/c"})).status == 204
    entries = (await rig.call("GET", "/api/files?path=a", role=Role.VIEWER)).json["entries"]
    assert [(entry["path"], entry["kind"]) for entry in entries] == [("a/c", "folder")]
    assert (await rig.call("GET", "/api/workspaces", role=Role.VIEWER)).json == {"folders": ["a"]}
    assert (await rig.call("DELETE", "/api/files?path=a")).status == 204
    assert (await rig.call("GET", "/api/files?path=a")).code == "not_found"


async def test_no_path_leads_outside(rig: Rig) -> None:
    for path in ("..", "../x", "a/../../x", "/etc"):
        for answered in (
            await rig.call("GET", "/api/files", params={"path": path}),
            await rig.call("GET", "/api/files/content", params={"path": path}),
            await rig.call("DELETE", "/api/files", params={"path": path}),
            await rig.call("POST", "/api/files/uploads", json={"path": path, "size": 1}),
        ):
            assert answered.code in ("path_outside_workspace", "invalid_request", "not_found"), (path, answered)
            assert answered.status < 500


async def test_a_download_is_saved_and_never_shown(rig: Rig) -> None:
    put(rig, "some.bin")
    answered = await get(rig, {})
    assert (answered.status, answered.body) == (200, CONTENT)
    assert answered.headers["Content-Disposition"].startswith('attachment; filename="some.bin"')
    assert answered.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answered.headers["Content-Security-Policy"]
    head = await rig.call("HEAD", "/api/files/content?path=some.bin")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(CONTENT)))


async def test_ranges(rig: Rig) -> None:
    put(rig, "some.bin")
    for asked, start, stop in (("0-99", 0, 100), ("100-", 100, 2560), ("-60", 2500, 2560), ("2550-9999", 2550, 2560)):
        answered = await get(rig, {"Range": f"bytes={asked}"})
        assert (answered.status, answered.body) == (206, CONTENT[start:stop]), asked
        assert answered.headers["Content-Range"] == f"bytes {start}-{stop - 1}/2560"
    for asked in ("abc", "5-2", "0-1,4-5"):
        assert (await get(rig, {"Range": f"bytes={asked}"})).status == 200, asked
    outside = await get(rig, {"Range": "bytes=5000-"})
    assert (outside.status, outside.headers["Content-Range"]) == (416, "bytes */2560")


async def test_a_range_of_a_file_that_changed_is_the_whole_file(rig: Rig) -> None:
    put(rig, "some.bin")
    etag = (await get(rig, {})).headers["Etag"]
    assert (await get(rig, {"Range": "bytes=0-9", "If-Range": etag})).status == 206
    put(rig, "some.bin", CONTENT + b"more")
    assert (await get(rig, {"Range": "bytes=0-9", "If-Range": etag})).status == 200


async def test_an_empty_file_is_downloaded(rig: Rig) -> None:
    put(rig, "some.bin", b"")
    assert (await get(rig, {})).body == b""


async def test_an_upload_in_chunks(rig: Rig) -> None:
    content = os.urandom(2_500_000)
    begun = await rig.call("POST", "/api/files/uploads", json={"path": "in/up.bin", "size": len(content)})
    assert (begun.status, begun.json["total_chunks"]) == (201, 3)
    path, size = f"/api/files/uploads/{begun.json['transfer_id']}", begun.json["chunk_size"]
    assert (await rig.call("PUT", f"{path}/chunks/1", data=content[size : 2 * size])).code == "out_of_order"
    for seq in range(3):
        sent = await rig.call("PUT", f"{path}/chunks/{seq}", data=content[seq * size : (seq + 1) * size])
        assert sent.status == 204
    ended = await rig.call("POST", f"{path}/end", json={"sha256": hashlib.sha256(content).hexdigest()})
    assert (ended.status, ended.json["path"], ended.json["size"]) == (201, "in/up.bin", len(content))
    assert (await rig.call("GET", "/api/files/content?path=in/up.bin")).body == content
    actions = [entry.action for entry in await rig.device.audit.entries(limit=5)]
    assert actions[:2] == ["file.uploaded", "file.upload"]


async def test_an_upload_that_is_wrong_leaves_nothing(rig: Rig) -> None:
    begun = await rig.call("POST", "/api/files/uploads", json={"path": "up.bin", "size": 3})
    path = f"/api/files/uploads/{begun.json['transfer_id']}"
    assert (await rig.call("PUT", f"{path}/chunks/0", data=b"abcd")).status == 400
    assert (await rig.call("PUT", f"{path}/chunks/-1", data=b"abc")).code == "not_found"
    assert (await rig.call("PUT", f"{path}/chunks/0", data=b"abc")).status == 204
    assert (await rig.call("POST", f"{path}/end", json={"sha256": "0" * 64})).code == "checksum_mismatch"
    assert (await rig.call("GET", "/api/files")).json["entries"] == []
    again = await rig.call("POST", "/api/files/uploads", json={"path": "up.bin", "size": 3})
    path = f"/api/files/uploads/{again.json['transfer_id']}"
    assert (await rig.call("DELETE", path)).status == 204
    assert (await rig.call("POST", f"{path}/end", json={})).status in (404, 410)


async def test_an_upload_that_is_too_large_is_refused_at_once(rig: Rig) -> None:
    too_large = {"path": "up.bin", "size": 3 * 1024**3}
    assert (await rig.call("POST", "/api/files/uploads", json=too_large)).code == "invalid_request"
    assert (await rig.call("POST", "/api/files/uploads", json={"path": "x", "size": -1})).code == "invalid_request"
