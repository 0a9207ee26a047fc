"""Sessions with an agent CLI in real tmux: what its process gets, what it tells, how it logs in."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from pydantic import JsonValue

from gateway.agents.installer import Agents
from gateway.agents.keys import AgentKeys
from gateway.agents.login import AgentLogins
from gateway.events.types import AnyEvent, SessionChanged
from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionInfo, SessionSpec, SessionStatus
from tests.doubles.session_records import EventList, RecordsInMemory
from tests.integration.agents.scripted import ADDRESS, KEY, put_claude, variables


class Values:
    """A settings table in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, JsonValue] = {}

    async def get(self, name: str) -> JsonValue | None:
        return self.kept.get(name)

    async def put(self, name: str, value: JsonValue) -> None:
        self.kept[name] = value


@dataclass
class Device:
    """Sessions and agents over one folder."""

    config: SessionsConfig
    agents: Agents
    keys: AgentKeys
    sessions: Sessions
    events: EventList
    records: RecordsInMemory
    home: Path

    async def start(self, name: str = "x", agent: str | None = "claude-code", **env: str) -> SessionInfo:
        return await self.sessions.create(SessionSpec(name=name, workdir=self.folder, agent=agent, env=env))

    @property
    def folder(self) -> Path:
        return self.config.workspace_root

    async def tell(self, session_id: str, event: str, **data: object) -> None:
        """Have the program run a hook."""
        await self.sessions.input(session_id, f"{event} {json.dumps(data)}\n".encode())

    async def becomes(self, status: SessionStatus, session_id: str) -> SessionInfo:
        def wanted(event: AnyEvent) -> bool:
            return isinstance(event, SessionChanged) and (event.session_id, event.status) == (session_id, status)

        async with asyncio.timeout(20):
            await self.events.wait(wanted)
        self.events.events.clear()
        return self.sessions.get(session_id)

    async def holds(self, session_id: str, name: str) -> Path:
        """A file of the folder once the program has written it, which it does before it reads."""
        path = self.folder / name
        async with asyncio.timeout(20), self.sessions.attach(session_id, name="test") as viewer:
            await self.tell(session_id, "Nothing")
            async for _ in viewer:
                if await asyncio.to_thread(path.exists):
                    return path
        raise AssertionError(f"{name} was not written")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home, programs = tmp_path / "home", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    put_claude(programs)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{programs}:/usr/local/bin:/usr/bin:/bin")
    return home


@pytest.fixture
async def device(home: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Device]:
    base = tmp_path_factory.mktemp("s")
    (base / "work").mkdir()
    config = SessionsConfig(base / "run", base / "state", base / "work", shell="/bin/sh")  # noqa: S604 - a path
    events, records = EventList(), RecordsInMemory()
    keys = AgentKeys(Values(), base / "secrets.key")
    agents = Agents(base / "agents", events, keys=keys)
    await agents.refresh()
    sessions = Sessions(config, records, events, agents)
    await sessions.start()
    yield Device(config, agents, keys, sessions, events, records, home)
    for info in sessions.list():
        await sessions.end(info.id)
    await sessions.close()


def processes_with(text: str) -> Sequence[str]:
    """The programs that have a text in their arguments."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = " ".join(process.info["cmdline"] or [])
        if text in words and process.pid != os.getpid():
            found.append(words)
    return found


async def test_a_key_goes_to_its_cli_and_nowhere_else(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    await device.keys.put("claude-code", KEY)
    agent = await device.start("agent")
    environment = variables(await device.holds(agent.id, "environment"))
    assert environment["ANTHROPIC_API_KEY"] == KEY
    shell = await device.start("shell", agent=None)
    await device.sessions.input(shell.id, b"env > shell-environment; printf '\\ndone\\n'\n")
    async with asyncio.timeout(20), device.sessions.attach(shell.id, name="test") as viewer:
        async for _ in viewer:
            if "\ndone" in (await device.sessions.snapshot(shell.id)).content.replace("\r", ""):
                break
    assert "ANTHROPIC_API_KEY" not in variables(device.folder / "shell-environment")
    assert processes_with(KEY) == []
    told = "".join(event.model_dump_json() for event in device.events.events)
    assert KEY not in told + caplog.text + str(device.records.kept)
    for file in device.config.state_dir.rglob("*"):
        assert KEY not in file.read_text()


async def test_a_key_that_a_person_gave_the_session_wins(device: Device) -> None:
    await device.keys.put("claude-code", KEY)
    agent = await device.start(ANTHROPIC_API_KEY="another-key-of-nobody")
    assert variables(await device.holds(agent.id, "environment"))["ANTHROPIC_API_KEY"] == "another-key-of-nobody"


async def test_it_is_made_ready_before_it_starts(device: Device) -> None:
    (device.home / ".claude.json").write_text('{"theme": "light"}')
    agent = await device.start()
    arguments = (await device.holds(agent.id, "arguments")).read_text().splitlines()
    assert arguments[:3] == ["--permission-mode", "default", "--settings"]
    settings = json.loads((device.home / ".claude.json").read_text())
    assert settings["theme"] == "light"
    assert settings["projects"][str(device.folder)] == {"hasTrustDialogAccepted": True}


async def test_settings_that_cannot_be_written_keep_nobody_from_starting(device: Device) -> None:
    (device.home / ".claude.json").mkdir()
    agent = await device.start()
    arguments = (await device.holds(agent.id, "arguments")).read_text().splitlines()
    assert arguments == ["--permission-mode", "default"]


async def test_hooks_become_the_status_and_the_question(device: Device) -> None:
    agent = await device.start()
    await device.holds(agent.id, "arguments")
    await device.tell(agent.id, "UserPromptSubmit")
    await device.becomes(SessionStatus.WORKING, agent.id)
    await device.tell(agent.id, "PermissionRequest", tool_name="Bash", tool_input={"command": "make all"})
    asked = await device.becomes(SessionStatus.WAITING, agent.id)
    assert asked.waiting_for == "Bash: make all"
    await device.tell(agent.id, "Stop")
    rested = await device.becomes(SessionStatus.IDLE, agent.id)
    assert rested.waiting_for is None


async def test_what_others_write_into_the_fifo_is_not_believed(device: Device) -> None:
    agent = await device.start()
    fifo = Path(variables(await device.holds(agent.id, "environment"))["HUTCH_HOOK"])
    garbage = b"\xff\x00{}\n" + b"x" * 50_000 + b"\n" + b'{"cli": "codex", "event": "Interrupt", "data": ""}\n'
    await asyncio.to_thread(_write, fifo, garbage)
    await device.tell(agent.id, "PermissionRequest", tool_name="Bash", tool_input={"command": "\x1b[31mred\x07"})
    asked = await device.becomes(SessionStatus.WAITING, agent.id)
    assert asked.waiting_for == "Bash: red"


async def test_the_next_daemon_hears_the_hooks_too(device: Device) -> None:
    agent = await device.start()
    await device.holds(agent.id, "arguments")
    await device.sessions.close()
    again = Sessions(device.config, device.records, device.events, device.agents)
    await again.start()
    device.sessions = again
    try:
        await device.tell(agent.id, "PermissionRequest", tool_name="Bash", tool_input={"command": "make all"})
        asked = await device.becomes(SessionStatus.WAITING, agent.id)
        assert asked.waiting_for == "Bash: make all"
        await again.end(agent.id)
        assert list(device.config.socket_dir.glob("*.hook")) == []
    finally:
        await again.close()


async def test_a_login_shows_its_address_and_takes_the_code(device: Device) -> None:
    await device.keys.put("claude-code", KEY)
    logins = AgentLogins(device.agents, device.sessions, device.events, device.folder)
    try:
        state = await logins.begin("claude-code")
        assert (state.state, state.address) == ("address", ADDRESS)
        assert not device.sessions.get(state.session_id).returns
        await logins.enter("claude-code", "the-code#1")
        await logins.ended("claude-code")
        assert (device.folder / "entered").read_text() == "the-code#1"
        assert "ANTHROPIC_API_KEY" not in variables(device.folder / "login-environment")
    finally:
        await logins.close()


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
