"""The pages of conversations, workers, usage and notifications, as a browser without scripts has them."""

from __future__ import annotations

import json
from html import unescape
from urllib.parse import urlencode

import pytest

from gateway.accounts.types import Role
from tests.doubles.push_service import PushService
from tests.integration.webui.rig import Answered, Rig

# One of the library's hundred plugins imports it, on Python below 3.13, where it is.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def page(rig: Rig, path: str, role: Role = Role.ADMIN) -> str:
    got = await rig.call("GET", path, role=None, headers={**rig.cookie(role), "Accept": "text/html"})
    assert got.status == 200, got.body
    return unescape(got.body.decode())


async def send(rig: Rig, path: str, values: dict[str, str], role: Role = Role.ADMIN) -> Answered:
    headers = {**rig.cookie(role), **FORM, "Accept": "text/html"}
    return await rig.call("POST", path, role=None, headers=headers, data=urlencode(values))


async def talk(rig: Rig, *lines: str) -> str:
    """A conversation in which ``lines`` were said and done; its id."""
    made = (await rig.call("POST", "/api/conversations", json={"cli": "codex", "title": "Frost"})).json["id"]
    if lines:
        path = f"/api/conversations/{made}/messages?wait=true"
        await rig.call("POST", path, json={"text": "\n".join(lines)})
    return str(made)


async def test_what_an_agent_says_is_escaped(rig: Rig) -> None:
    made = await talk(rig, "say <script>alert(1)</script> frost")
    raw = await rig.call("GET", f"/conversations/{made}", role=None, headers={**rig.cookie(), "Accept": "text/html"})
    assert b"<script>alert" not in raw.body
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in raw.body
    found = await rig.call("GET", "/conversations?q=frost", role=None, headers={**rig.cookie(), "Accept": "text/html"})
    assert b"<mark>frost</mark>" in found.body
    assert b"<script>alert" not in found.body


async def test_values_of_variables_are_never_shown(rig: Rig) -> None:
    values = {"name": "Gardener", "cli": "codex", "permission": "ask", "instructions": "", "workdir": ""}
    made = await send(rig, "/workers", {**values, "environment": "RAKE=s3cret-rake\nHOSE=s3cret-hose"})
    assert made.status == 303
    worker = (await rig.device.workers.list())[0]
    shown = await page(rig, f"/workers/{worker.id}")
    assert "RAKE" in shown
    assert "s3cret" not in shown
    await send(rig, f"/workers/{worker.id}", {**values, "forget:HOSE": "true", "environment": "SPADE=s3cret-2"})
    after = await rig.device.workers.get(worker.id)
    assert dict(after.environment) == {"RAKE": "s3cret-rake", "SPADE": "s3cret-2"}
    refused = await send(rig, f"/workers/{worker.id}", {**values, "environment": "s3cret without a name"})
    assert refused.status == 400
    assert b"s3cret" not in refused.body


@pytest.mark.parametrize("path", ["/conversations/new", "/workers/new"])
async def test_a_viewer_begins_nothing(rig: Rig, path: str) -> None:
    headers = {**rig.cookie(Role.VIEWER), "Accept": "text/html"}
    assert (await rig.call("GET", path, role=None, headers=headers)).status == 403
    assert (await send(rig, "/conversations", {"who": "cli:codex"}, Role.VIEWER)).status == 403


async def test_a_viewer_reads_and_cannot_write(rig: Rig) -> None:
    made = await talk(rig, "say hello there")
    shown = await page(rig, f"/conversations/{made}", Role.VIEWER)
    assert "hello there" in shown
    assert "data-composer" not in shown


async def test_permission_and_model_are_chosen_on_the_page(rig: Rig) -> None:
    made = await talk(rig, "say hello")
    assert "asks first" in await page(rig, f"/conversations/{made}")
    sent = await send(rig, f"/conversations/{made}/manner", {"permission": "edits", "model": " big "})
    assert (sent.status, sent.headers["Location"]) == (303, f"/conversations/{made}")
    assert "edits without asking · big" in await page(rig, f"/conversations/{made}")
    await send(rig, f"/conversations/{made}/manner", {"permission": "edits", "model": ""})
    assert (await rig.device.conversations.get(made)).model is None
    refused = await send(rig, f"/conversations/{made}/manner", {"permission": "none", "model": ""})
    assert refused.status == 400
    viewer = await send(rig, f"/conversations/{made}/manner", {"permission": "all", "model": ""}, Role.VIEWER)
    assert viewer.status == 403


async def test_an_answer_shows_what_it_took(rig: Rig) -> None:
    made = await talk(rig, "say hello", "usage 12000 800", "context 12800 200000 0.0417")
    assert "12000 tokens in · 800 out · $0.0417" in await page(rig, f"/conversations/{made}")


async def test_usage_is_drawn(rig: Rig) -> None:
    assert "Nothing used yet" in await page(rig, "/usage")
    await talk(rig, "say hello", "usage 12000 800", "context 12800 200000 0.0417")
    shown = await page(rig, "/usage")
    assert "12.8k" in shown
    assert "$0.0417" in shown
    assert 'class="curve"' in shown


async def test_the_application_a_phone_installs(rig: Rig) -> None:
    manifest = json.loads((await rig.call("GET", "/manifest.webmanifest", role=None)).body)
    assert (manifest["display"], manifest["start_url"], manifest["scope"]) == ("standalone", "/", "/")
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}


async def test_targets_and_quiet_hours(rig: Rig) -> None:
    path = "/settings/notifications"
    added = await send(rig, f"{path}/targets", {"name": "hook", "address": "jsons://u:s3cret@example.org/x"})
    assert added.status == 303
    shown = await page(rig, path)
    assert "hook" in shown
    assert "s3cret" not in shown
    refused = await send(rig, f"{path}/targets", {"name": "hook", "address": "file:///s3cret"})
    assert refused.status == 400
    assert b"s3cret" not in refused.body
    await send(rig, path, {"waits": "true", "quiet_from": "22:00", "quiet_to": "07:30"})
    wishes = await rig.device.notifications.wishes()
    assert ([kind.value for kind in wishes.kinds], wishes.quiet_from, wishes.quiet_to) == (["waits"], 1320, 450)
    assert "hook" not in await page(rig, path, Role.VIEWER)


async def test_nobody_touches_the_browsers_of_others(rig: Rig) -> None:
    place = PushService(url="https://push.example.org").place()
    added = await rig.call("POST", "/api/notifications/browsers", json=place.model_dump())
    path = f"/api/notifications/browsers/{added.json['id']}"
    assert (await rig.call("DELETE", path, role=Role.OPERATOR)).status == 404
    assert (await rig.call("GET", "/api/notifications/browsers", role=Role.OPERATOR)).json == {"browsers": []}
    listed = await rig.call("GET", "/api/notifications/browsers")
    assert "push.example.org" not in listed.body.decode()
    assert (await rig.call("DELETE", path)).status == 204
