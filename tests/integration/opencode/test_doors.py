"""Who may use the OpenCode API, and what it does with what it cannot use."""

from __future__ import annotations

import pytest

from gateway.accounts.types import Role
from tests.integration.opencode.rig import PASSWORD, OpenCodeRig, basic, text
from webui.dialects.opencode.routes import ROUTES

ROWS = [(route.method, route.path) for route in ROUTES if route.role is not None]


def filled(path: str) -> str:
    return path.format(session_id="ses_x", request_id="per_x", message_id="msg_x")


async def test_health_is_for_everybody(guarded: OpenCodeRig) -> None:
    health = await guarded.ask("GET", "/global/health")
    assert (health.status, health.json) == (200, {"healthy": True, "version": "0.0.1"})


@pytest.mark.parametrize(("method", "path"), ROWS)
async def test_with_a_password_strangers_are_refused_everywhere(guarded: OpenCodeRig, method: str, path: str) -> None:
    refused = await guarded.ask(method, filled(path), {} if method != "GET" else None)
    assert refused.status == 401
    assert refused.headers["Www-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(("method", "path"), [row for row in ROWS if row[0] != "GET"])
async def test_a_viewers_token_reads_only(guarded: OpenCodeRig, method: str, path: str) -> None:
    headers = guarded.rig.bearer(Role.VIEWER)
    assert (await guarded.ask("GET", "/session", headers=headers)).status == 200
    assert (await guarded.ask(method, filled(path), {}, headers=headers)).status == 403


async def test_the_password_lets_in_as_basic_and_as_bearer(guarded: OpenCodeRig) -> None:
    for headers in (basic(), {"Authorization": f"Bearer {PASSWORD}"}, guarded.rig.bearer(Role.OPERATOR)):
        assert (await guarded.ask("POST", "/session", {"title": "x"}, headers=headers)).status == 200


async def test_wrong_secrets_are_refused_and_slowed_down(guarded: OpenCodeRig) -> None:
    wrong = [basic("wrong"), basic(user="root"), {"Authorization": "Basic ?"}, {"Authorization": "Digest x"}]
    for headers in wrong:
        assert (await guarded.ask("GET", "/session", headers=headers)).status == 401
    statuses = [(await guarded.ask("GET", "/session", headers=basic("wrong"))).status for _ in range(3)]
    assert statuses[-1] == 429
    assert (await guarded.ask("GET", "/session", headers=guarded.rig.bearer(Role.VIEWER))).status == 200


async def test_an_empty_secret_is_none(opencode: OpenCodeRig) -> None:
    assert (await opencode.ask("GET", "/session", headers={"Authorization": "Bearer "})).status == 200


async def test_what_was_done_is_in_the_audit_log(guarded: OpenCodeRig) -> None:
    await guarded.ask("POST", "/session", {"title": "x"}, headers=basic())
    [entry, *_] = await guarded.rig.device.audit.entries()
    assert (entry.who, entry.action, entry.result) == ("opencode", "conversation.create", "ok")


async def test_pages_of_other_sites_and_foreign_names_are_refused(opencode: OpenCodeRig) -> None:
    foreign = await opencode.ask("POST", "/session", {}, headers={"Origin": "https://evil.example"})
    assert foreign.status == 403
    rebound = await opencode.ask("GET", "/session", headers={"Host": "evil.example"})
    assert rebound.status == 421


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/session/ses_nosuch/message", text("hi"), 404),
        ("/session/nonsense/message", text("hi"), 404),
        ("/session/SESSION/message", {"parts": []}, 400),
        ("/session/SESSION/message", text("  "), 400),
        ("/session/SESSION/message", {"parts": [{"type": "what"}]}, 400),
        ("/session/SESSION/message", {**text("hi"), "model": {"providerID": "x", "modelID": "y"}}, 400),
        ("/session/SESSION/message", {"parts": [{"type": "file", "url": "https://x/y"}]}, 400),
        ("/session/SESSION/message", {"parts": [{"type": "file", "url": "file:///etc/passwd"}]}, 403),
        ("/session/SESSION/permissions/per_x", {}, 400),
        ("/session/SESSION/permissions/per_x", {"response": "once"}, 404),
        ("/session", {"model": {"providerID": "nobody", "modelID": "x"}}, 400),
        ("/session?directory=/etc", {}, 403),
        ("/session?directory=../..", {}, 403),
        ("/session", {"parentID": "ses_nosuch"}, 404),
    ],
)
async def test_what_cannot_be_used_is_refused(opencode: OpenCodeRig, path: str, body: object, status: int) -> None:
    session = await opencode.session()
    answered = await opencode.ask("POST", path.replace("SESSION", session), body)
    assert (answered.status, set(answered.json)) == (status, {"name", "data"}), answered.json
    assert answered.json["data"]["message"]


async def test_a_body_that_is_no_json_is_refused(opencode: OpenCodeRig) -> None:
    session = await opencode.session()
    async with opencode.client.post(f"/session/{session}/message", data=b"parts=1") as response:
        assert response.status == 400
