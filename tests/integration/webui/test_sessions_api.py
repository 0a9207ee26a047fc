from __future__ import annotations

import base64

from gateway.accounts.types import Role
from gateway.events.types import SessionEnded
from tests.integration.webui.rig import Rig


async def begin(rig: Rig, name: str = "one", **more: object) -> dict[str, object]:
    answered = await rig.call("POST", "/api/sessions", role=Role.OPERATOR, json={"name": name, **more})
    assert answered.status == 201, answered
    found: dict[str, object] = answered.json
    return found


async def test_a_session_is_begun_listed_shown_and_ended(rig: Rig) -> None:
    session = await begin(rig, cols=100, rows=30)
    assert session["name"] == "one"
    assert session["agent"] is None
    assert (session["cols"], session["rows"]) == (100, 30)
    assert session["workdir"] == str(rig.root / "work")
    listed = (await rig.call("GET", "/api/sessions", role=Role.VIEWER)).json["sessions"]
    assert [one["id"] for one in listed] == [session["id"]]
    path = f"/api/sessions/{session['id']}"
    assert (await rig.call("GET", path, role=Role.VIEWER)).json["control"] is None
    assert (await rig.call("DELETE", path, role=Role.OPERATOR)).status == 200
    assert (await rig.call("GET", path)).json["status"] == "ended"
    assert (await rig.call("DELETE", f"{path}?forget=true")).status == 200
    assert (await rig.call("GET", path)).code == "not_found"


async def test_what_is_typed_shows_on_the_screen(rig: Rig) -> None:
    session = await begin(rig)
    path = f"/api/sessions/{session['id']}"
    async with rig.device.bus.subscribe() as events:
        typed = base64.b64encode(b"echo $((40+2)) ; exit 7\r").decode()
        assert (await rig.call("POST", f"{path}/input", role=Role.OPERATOR, json={"data": typed})).status == 204
        async for published in events:
            if isinstance(published.event, SessionEnded):
                break
    assert (await rig.call("GET", path)).json["exit_code"] == 7


async def test_the_snapshot_is_the_screen(rig: Rig) -> None:
    session = await begin(rig)
    answered = await rig.call("GET", f"/api/sessions/{session['id']}/snapshot?scrollback=10", role=Role.VIEWER)
    assert answered.json["session_id"] == session["id"]
    assert (answered.json["cols"], answered.json["rows"]) == (80, 24)
    assert answered.json["seq"] >= 0


async def test_size_name_and_return_are_changed(rig: Rig) -> None:
    session = await begin(rig)
    path = f"/api/sessions/{session['id']}"
    assert (await rig.call("POST", f"{path}/resize", json={"cols": 120, "rows": 40})).status == 204
    changed = await rig.call("PATCH", path, json={"name": "two", "returns": False})
    assert (changed.json["name"], changed.json["returns"]) == ("two", False)
    assert (await rig.call("GET", path)).json["cols"] == 120


async def test_control_is_taken(rig: Rig) -> None:
    session = await begin(rig)
    taken = await rig.call("POST", f"/api/sessions/{session['id']}/control", role=Role.OPERATOR)
    assert taken.json == {"holder": "operator"}


async def test_bad_sessions_are_refused_with_a_reason(rig: Rig) -> None:
    await begin(rig)
    for body, code in (
        ({"name": "one"}, "name_taken"),
        ({"name": "x", "workdir": "/no/such/folder"}, "workdir_missing"),
        ({"name": "x", "workdir": "../.."}, "path_outside_workspace"),
        ({"name": "x", "agent": "claude-code"}, "agent_missing"),
        ({"name": "x", "agent": "emacs"}, "invalid_request"),
        ({"name": ""}, "invalid_request"),
        ({"name": "x\u0007"}, "invalid_request"),
        ({"name": "x", "cols": 0}, "invalid_request"),
        ({"name": "x", "cols": -5}, "invalid_request"),
        ({"name": "x", "env": {"A=B": "c"}}, "invalid_request"),
        ({"name": "x", "env": {"A": "c\u0000"}}, "invalid_request"),
        ({"name": "x", "unknown": 1}, "invalid_request"),
        ({}, "invalid_request"),
    ):
        answered = await rig.call("POST", "/api/sessions", json=body)
        assert answered.code == code, (body, answered)
    assert len((await rig.call("GET", "/api/sessions")).json["sessions"]) == 1


async def test_bad_input_is_refused(rig: Rig) -> None:
    session = await begin(rig)
    path = f"/api/sessions/{session['id']}/input"
    assert (await rig.call("POST", path, json={"data": "not base64!"})).code == "invalid_request"
    assert (await rig.call("POST", path, json={"data": "A" * 2_000_000})).code == "too_large"
    assert (await rig.call("POST", "/api/sessions/nope/input", json={"data": ""})).code == "not_found"
