"""Backup, restore and reset over REST and the page's forms: who may, what is refused at once, and what comes of it."""

from __future__ import annotations

import asyncio
import gzip
import io
import signal
import tarfile
from pathlib import Path

import pytest
from structlog.typing import EventDict

from appliance.care.pending import planned
from appliance.care.restore import stage
from appliance.config import Settings
from appliance.layout import Layout
from gateway.accounts.types import Role
from gateway.care.types import PIECE
from gateway.events.types import CareChanged
from tests.integration.webui.rig import HOSTNAME, Answered, Rig

PASSPHRASE = "correct horse battery"
ROUTES = (
    ("GET", "/api/care"),
    ("POST", "/api/care/backup"),
    ("GET", "/api/care/backup"),
    ("DELETE", "/api/care/backup"),
    ("POST", "/api/care/restore"),
    ("PUT", "/api/care/restore/file?offset=0"),
    ("DELETE", "/api/care/restore"),
    ("POST", "/api/care/restore/begin"),
    ("POST", "/api/care/reset"),
    ("GET", "/api/support"),
)


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Signals that the device sends itself to start anew, which would end this run."""
    sent: list[int] = []
    monkeypatch.setattr("appliance.anew.RESTART_SECONDS", 0)
    monkeypatch.setattr("appliance.anew.os.kill", lambda _pid, number: sent.append(number))
    return sent


def layout_of(rig: Rig) -> Layout:
    return Layout.of(Settings(data=rig.root, workspace=rig.root / "work"))


async def settled(rig: Rig) -> None:
    """Wait until nothing is being made."""
    async with asyncio.timeout(30), rig.device.bus.subscribe() as events:
        while rig.device.care.state().phase.value != "idle":
            await anext(events)


async def backup(rig: Rig, *folders: str) -> bytes:
    begun = await rig.call("POST", "/api/care/backup", json={"passphrase": PASSPHRASE, "folders": folders})
    assert begun.status == 202, begun.body
    await settled(rig)
    fetched = await rig.call("GET", "/api/care/backup")
    assert fetched.status == 200, fetched.body
    return fetched.body


async def bring(rig: Rig, content: bytes, passphrase: str = PASSPHRASE, piece: int = PIECE) -> Answered:
    """Send a backup as the page does; the answer to the last piece, or the first refusal."""
    begun = await rig.call("POST", "/api/care/restore", json={"passphrase": passphrase, "size": len(content)})
    assert begun.status == 201, begun.body
    answered = begun
    for at in range(0, len(content), piece):
        path = f"/api/care/restore/file?offset={at}"
        answered = await rig.call("PUT", path, data=content[at : at + piece])
        if answered.status != 200:
            break
    return answered


async def test_only_an_admin_looks_after_the_device(rig: Rig) -> None:
    for role in (Role.VIEWER, Role.OPERATOR):
        for method, path in ROUTES:
            assert (await rig.call(method, path, role=role)).code == "forbidden", path


async def test_a_backup_is_made_fetched_in_parts_and_removed(rig: Rig, tmp_path: Path) -> None:
    (rig.root / "work" / "novel").mkdir()
    (rig.root / "work" / "novel" / "one.txt").write_text("Call me anything.")
    assert (await rig.call("GET", "/api/care")).json["folders"] == ["novel"]
    assert (await rig.call("GET", "/api/care/backup")).code == "not_found"
    whole = await backup(rig, "novel")
    saved = (await rig.call("GET", "/api/care")).json["saved"]
    assert (saved["size"], saved["folders"], saved["unread"]) == (len(whole), ["novel"], 0)
    part = await rig.call("GET", "/api/care/backup", headers={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, whole[10:20])
    disposition = part.headers["Content-Disposition"]
    assert disposition.startswith("attachment;")
    assert saved["name"] in disposition

    other = Layout.of(Settings(data=tmp_path / "other"))
    made = await asyncio.to_thread(stage, io.BytesIO(whole), other, PASSPHRASE, lambda _: None)
    assert made.workspaces == ("novel",)
    assert (tmp_path / "other/care/restored/workspace/novel/one.txt").read_text() == "Call me anything."
    assert (await rig.call("DELETE", "/api/care/backup")).status == 204
    assert (await rig.call("GET", "/api/care/backup")).code == "not_found"
    assert not (rig.root / "care" / "saved").exists()


async def test_what_is_no_order_for_a_backup_is_refused_before_it_begins(rig: Rig) -> None:
    for order, code in (
        ({"passphrase": "short"}, "invalid_request"),
        ({"passphrase": "x" * 2000}, "invalid_request"),
        ({"passphrase": PASSPHRASE, "folders": ["../etc"]}, "invalid_request"),
        ({"passphrase": PASSPHRASE, "folders": ["nowhere"]}, "not_found"),
        ({}, "invalid_request"),
    ):
        answered = await rig.call("POST", "/api/care/backup", json=order)
        assert answered.code == code, order
        assert b"xxxx" not in answered.body
    assert (await rig.call("GET", "/api/care")).json["state"]["phase"] == "idle"


async def test_one_thing_at_a_time_and_a_backup_can_be_given_up(rig: Rig) -> None:
    (rig.root / "work" / "large").mkdir()
    with (rig.root / "work" / "large" / "file").open("wb") as file:
        file.truncate(3 * 1024**3)
    order = {"passphrase": PASSPHRASE, "folders": ["large"]}
    assert (await rig.call("POST", "/api/care/backup", json=order)).status == 202
    for path, body in (
        ("/api/care/backup", order),
        ("/api/care/restore", {"passphrase": PASSPHRASE, "size": 1000}),
        ("/api/care/reset", {"name": HOSTNAME}),
    ):
        assert (await rig.call("POST", path, json=body)).code == "conflict", path
    assert (await rig.call("DELETE", "/api/care/backup")).status == 204
    state = (await rig.call("GET", "/api/care")).json
    assert (state["state"]["phase"], state["saved"]) == ("idle", None)
    assert not (rig.root / "care" / "saved").exists()
    made = [entry for entry in await rig.device.audit.entries(limit=20) if entry.action == "care.backup_made"]
    assert [entry.result for entry in made] == ["conflict"]


async def test_a_backup_comes_back_in_pieces_and_comes_into_force_when_somebody_says_so(
    rig: Rig, ends: list[int]
) -> None:
    whole = await backup(rig)
    assert (await rig.call("POST", "/api/care/restore/begin")).code == "not_found"
    last = await bring(rig, whole, piece=10_000)
    assert (last.status, last.json["received"]) == (200, len(whole))
    assert last.json["checked"]["files"] > 0
    assert await asyncio.to_thread(planned, layout_of(rig)) is None
    assert ends == []
    # The answer to the last piece was lost, and it comes again.
    at = (len(whole) - 1) // 10_000 * 10_000
    again = await rig.call("PUT", f"/api/care/restore/file?offset={at}", data=whole[at:])
    assert (again.status, again.json) == (200, last.json)
    restored = await rig.call("POST", "/api/care/restore/begin")
    assert (restored.status, restored.json["state"]["phase"]) == (202, "restarting")
    plan = await asyncio.to_thread(planned, layout_of(rig))
    assert plan is not None
    assert plan.what == "restore"
    await asyncio.sleep(0)
    assert ends == [signal.SIGTERM]
    assert (await rig.call("POST", "/api/care/reset", json={"name": HOSTNAME})).code == "conflict"


async def test_pieces_may_come_twice_but_not_out_of_order(rig: Rig) -> None:
    whole = await backup(rig)
    size, half = len(whole), len(whole) // 2
    assert (await rig.call("PUT", "/api/care/restore/file?offset=0", data=b"x")).code == "not_found"
    order = {"passphrase": PASSPHRASE, "size": size}
    assert (await rig.call("POST", "/api/care/restore", json=order)).status == 201
    for _ in range(2):
        first = await rig.call("PUT", "/api/care/restore/file?offset=0", data=whole[:half])
        assert (first.status, first.json["received"]) == (200, half)
    late = await rig.call("PUT", f"/api/care/restore/file?offset={half + 1}", data=b"x")
    assert (late.code, late.json["error"]["details"]) == ("out_of_order", {"received": half})
    long = await rig.call("PUT", f"/api/care/restore/file?offset={half}", data=whole[half:] + b"more")
    assert long.code == "out_of_order"
    assert (await rig.call("PUT", f"/api/care/restore/file?offset={half}", data=whole[half:])).json["checked"]
    assert (await rig.call("DELETE", "/api/care/restore")).status == 204
    assert (await rig.call("GET", "/api/care")).json["checked"] is None
    assert not (rig.root / "care" / "restored").exists()


async def test_a_wrong_passphrase_is_told_with_the_first_piece(rig: Rig) -> None:
    (rig.root / "work" / "noise").mkdir()
    (rig.root / "work" / "noise" / "file").write_bytes(gzip.compress(bytes(range(256)) * 100) * 500)
    whole = await backup(rig, "noise")
    for wrong, passphrase in ((whole, "another passphrase"), (b"no backup at all" * 100, PASSPHRASE)):
        refused = await bring(rig, wrong, passphrase, piece=70_000)
        assert (refused.status, refused.code) == (400, "invalid_request")
        state = (await rig.call("GET", "/api/care")).json
        assert state["state"]["problem"] == refused.json["error"]["message"]
        assert (state["state"]["phase"], state["checked"]) == ("idle", None)
    cut = await bring(rig, whole[:-5])
    assert cut.code == "invalid_request"
    assert not (rig.root / "care" / "restored").exists()
    assert (await bring(rig, whole)).json["checked"]["folders"] == ["noise"]


async def test_a_reset_wants_the_devices_name(rig: Rig, ends: list[int]) -> None:
    refused = await rig.call("POST", "/api/care/reset", json={"name": "somebody"})
    assert (refused.code, refused.json["error"]["details"]) == ("invalid_request", {"field": "name"})
    assert await asyncio.to_thread(planned, layout_of(rig)) is None
    answered = await rig.call("POST", "/api/care/reset", json={"name": HOSTNAME, "workspace": True})
    assert answered.json["state"] == {"phase": "restarting", "percent": 0, "detail": "as a new device", "problem": ""}
    plan = await asyncio.to_thread(planned, layout_of(rig))
    assert plan is not None
    assert (plan.what, plan.workspace) == ("reset", True)
    await asyncio.sleep(0)
    assert ends == [signal.SIGTERM]


async def test_a_support_bundle_is_an_archive_without_secrets(rig: Rig) -> None:
    (rig.root / "hub.json").write_text('{"url": "https://hub.example", "token": "hub-token-5f2c8f6e11"}')
    answered = await rig.call("GET", "/api/support")
    assert answered.status == 200
    with tarfile.open(fileobj=io.BytesIO(answered.body)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        texts = b"".join(file.read() for member in archive if (file := archive.extractfile(member)) is not None)
    assert {"about.json", "settings.json", "doctor.txt"} <= names
    assert b"hub-token-5f2c8f6e11" not in texts
    assert rig.secrets[Role.ADMIN].encode() not in texts
    assert not [path for path in (rig.root / "care").iterdir() if path.is_file()]


async def test_the_passphrase_is_told_to_nobody(rig: Rig, log: list[EventDict]) -> None:
    async with rig.device.bus.subscribe() as events:
        whole = await backup(rig)
        await bring(rig, whole)
        told: list[CareChanged] = []
        async with asyncio.timeout(10):
            while len(told) < 2 or (told[-2].phase, told[-1].phase) != ("reading", "idle"):
                event = (await anext(events)).event
                if isinstance(event, CareChanged):
                    told.append(event)
    entries = await rig.device.audit.entries(limit=50)
    assert {"care.backup", "care.backup_made", "care.backup_download", "care.restore_check"} <= {
        entry.action for entry in entries
    }
    for text in (repr(entries), repr(told), repr(log)):
        assert PASSPHRASE not in text


async def submit(rig: Rig, path: str, **fields: str) -> Answered:
    form = {**fields, "csrf_token": rig.identities[Role.ADMIN].csrf}
    return await rig.call("POST", path, role=None, headers={**rig.cookie(csrf=False), "Accept": "text/html"}, data=form)


async def test_the_forms_of_the_page_do_what_they_say(rig: Rig, ends: list[int]) -> None:
    (rig.root / "work" / "<b>novel").mkdir()
    page = (await rig.call("GET", "/settings/care", role=None, headers=rig.cookie())).body.decode()
    assert "&lt;b&gt;novel" in page
    differ = await submit(
        rig, "/settings/care/backup", passphrase=PASSPHRASE, again="other", **{"folder:<b>novel": "true"}
    )
    assert differ.status == 400
    assert b"The two passphrases differ." in differ.body
    assert PASSPHRASE.encode() not in differ.body
    assert b"checked" in differ.body
    short = await submit(rig, "/settings/care/backup", passphrase="short", again="short")
    assert b"A passphrase has at least 8 characters." in short.body
    made = await submit(
        rig, "/settings/care/backup", passphrase=PASSPHRASE, again=PASSPHRASE, **{"folder:<b>novel": "true"}
    )
    assert (made.status, made.headers["Location"]) == (303, "/settings/care?done=care-saving")
    await settled(rig)
    part = (await rig.call("GET", "/parts/care", role=None, headers=rig.cookie())).body.decode()
    assert "Your backup is ready" in part
    whole = (await rig.call("GET", "/api/care/backup")).body
    assert (await submit(rig, "/settings/care/backup/forget")).status == 303
    await bring(rig, whole)
    assert b"The backup is good" in (await rig.call("GET", "/parts/care", role=None, headers=rig.cookie())).body
    assert (await submit(rig, "/settings/care/restore/forget")).status == 303
    assert (await submit(rig, "/settings/care/restore")).status == 404
    wrong = await submit(rig, "/settings/care/reset", name="somebody", workspace="true")
    assert wrong.status == 400
    assert b"This device is called hutch-test." in wrong.body
    assert (await submit(rig, "/settings/care/reset", name=HOSTNAME, workspace="false")).status == 303
    await asyncio.sleep(0)
    assert ends == [signal.SIGTERM]
