"""Agent CLIs over REST and on their page: keys, logins, removing."""

from __future__ import annotations

import asyncio
from html import unescape
from pathlib import Path

import pytest

from gateway.accounts.types import Role
from tests.integration.agents.scripted import ADDRESS, KEY, put_claude
from tests.integration.webui.rig import Answered, Rig


@pytest.fixture
def claude(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Something in the place of Claude Code on PATH, and a home of its own."""
    home, programs = tmp_path / "home", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{programs}:/usr/local/bin:/usr/bin:/bin")
    return put_claude(programs)


async def submit(rig: Rig, path: str, role: Role = Role.ADMIN, **fields: str) -> Answered:
    """Send a form as a browser does."""
    form = {**fields, "csrf_token": rig.identities[role].csrf}
    return await rig.call("POST", path, role=None, headers=rig.cookie(role, csrf=False), data=form)


async def page(rig: Rig, role: Role = Role.ADMIN) -> str:
    got = await rig.call("GET", "/settings/agents", role=None, headers=rig.cookie(role))
    assert got.status == 200, got.body
    return unescape(got.body.decode())


async def agent(rig: Rig, name: str = "claude-code") -> dict[str, object]:
    agents = (await rig.call("GET", "/api/agents", role=Role.VIEWER)).json["agents"]
    found = [one for one in agents if one["agent"] == name]
    assert len(found) == 1
    return dict(found[0])


async def test_a_key_is_kept_told_of_and_never_shown(rig: Rig, claude: Path) -> None:
    kept = await rig.call("PUT", "/api/agents/claude-code/key", json={"key": KEY})
    assert (kept.status, kept.json["login"], kept.json["key_variable"]) == (200, "key", "ANTHROPIC_API_KEY")
    assert (await agent(rig))["login"] == "key"
    assert KEY not in kept.body.decode() + await page(rig)
    audit = (await rig.call("GET", "/api/audit")).body.decode()
    assert "agent.key" in audit
    assert KEY not in audit
    assert (await rig.call("DELETE", "/api/agents/claude-code/key")).status == 204
    assert (await agent(rig))["login"] == "none"


async def test_a_login_of_the_vendor_counts(rig: Rig, claude: Path) -> None:
    credentials = Path.home() / ".claude" / ".credentials.json"
    await asyncio.to_thread(credentials.parent.mkdir)
    await asyncio.to_thread(credentials.write_text, '{"claudeAiOauth": {}}')
    assert (await agent(rig))["login"] == "account"


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("PUT", "/api/agents/codex/key", Role.OPERATOR),
        ("DELETE", "/api/agents/codex/key", Role.OPERATOR),
        ("POST", "/api/agents/codex/login", Role.VIEWER),
        ("GET", "/api/agents/codex/login", Role.VIEWER),
        ("DELETE", "/api/agents/codex", Role.VIEWER),
    ],
)
async def test_who_may_not_is_refused(rig: Rig, method: str, path: str, role: Role) -> None:
    assert (await rig.call(method, path, role=role, json={"key": KEY})).code == "forbidden"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"key": "short"}, "invalid_request"),
        ({"key": KEY, "variable": "LD_PRELOAD"}, "invalid_request"),
        ({"key": "x" * 5000}, "invalid_request"),
        ({"key": KEY, "more": 1}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
async def test_a_bad_key_is_refused_and_not_repeated(rig: Rig, body: dict[str, object], code: str) -> None:
    refused = await rig.call("PUT", "/api/agents/codex/key", json=body)
    assert refused.code == code
    assert KEY not in refused.body.decode()


async def test_what_is_not_there_is_said_so(rig: Rig, claude: Path) -> None:
    assert (await rig.call("PUT", "/api/agents/emacs/key", json={"key": KEY})).code == "not_found"
    assert (await rig.call("GET", "/api/agents/claude-code/login")).code == "not_found"
    assert (await rig.call("DELETE", "/api/agents/claude-code")).code == "not_found", "Hutch did not install it"


async def test_a_login_begins_and_its_address_is_a_link_and_a_picture(rig: Rig, claude: Path) -> None:
    await rig.device.agents.refresh()
    begun = await rig.call("POST", "/api/agents/claude-code/login", role=Role.OPERATOR)
    assert (begun.status, begun.json["state"], begun.json["address"]) == (201, "address", ADDRESS)
    session = begun.json["session_id"]
    assert (await rig.call("GET", "/api/agents/claude-code/login")).json == begun.json
    shown = await page(rig)
    assert f'href="{ADDRESS}"' in shown
    assert "<svg" in shown.split("Log in to Claude Code")[1].split("</section>")[0]
    assert f"/sessions/{session}" in shown
    assert ADDRESS not in await page(rig, Role.VIEWER)
    assert (await submit(rig, "/settings/agents/claude-code/login/code", code="it-is-me")).status == 303
    await rig.device.agent_logins.ended("claude-code")
    assert (await asyncio.to_thread((rig.device.workspace.root / "entered").read_text)) == "it-is-me"
    assert ADDRESS not in await page(rig)


async def test_the_page_keeps_a_key_and_forgets_it(rig: Rig, claude: Path) -> None:
    kept = await submit(rig, "/settings/agents/keys", agent="opencode", key=KEY, variable="OPENROUTER_API_KEY")
    assert kept.status == 303
    assert (await agent(rig, "opencode"))["key_variable"] == "OPENROUTER_API_KEY"
    assert (await submit(rig, "/settings/agents/opencode/key/remove")).status == 303
    assert (await agent(rig, "opencode"))["key_variable"] is None
    refused = await submit(rig, "/settings/agents/keys", agent="opencode", key="no")
    assert refused.status == 400
    assert "That is no API key" in unescape(refused.body.decode())
    assert (await submit(rig, "/settings/agents/keys", role=Role.OPERATOR, agent="codex", key=KEY)).status == 403
