"""A place for sessions with real tmux servers, which are taken down whatever a test does."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from gateway.programs.own import OwnPrograms
from gateway.programs.types import AgentsAccount
from gateway.sessions.config import SessionsConfig
from gateway.sessions.manager import Sessions
from gateway.sessions.types import SessionInfo, SessionSpec
from tests.doubles.session_records import AgentTable, EventList, RecordsInMemory
from tests.integration.sessions.two_accounts import agents_account, shared_folder


@dataclass
class Place:
    """Folders, records, events and agents that several daemon lives share."""

    config: SessionsConfig
    records: RecordsInMemory = field(default_factory=RecordsInMemory)
    events: EventList = field(default_factory=EventList)
    agents: AgentTable = field(default_factory=AgentTable)
    account: AgentsAccount = field(default_factory=OwnPrograms)

    def daemon(self, boot: str = "boot-1") -> Sessions:
        return Sessions(self.config, self.records, self.events, self.agents, boot, account=self.account)

    def script(self, name: str, source: str) -> str:
        """A Python program as an agent of that name."""
        path = self.config.workspace_root / f"{name}.py"
        path.write_text(source)
        self.agents.commands[name] = [sys.executable, "-u", str(path)]
        return name

    def program(self, name: str, *command: str) -> str:
        self.agents.commands[name] = command
        return name

    def spec(self, agent: str | None = None, **fields: object) -> SessionSpec:
        values: dict[str, object] = {"name": "work", "workdir": Path(), "agent": agent, **fields}
        return SessionSpec(**values)  # type: ignore[arg-type]  # tests name fields freely


@pytest.fixture
async def account() -> AsyncIterator[AgentsAccount]:
    """Our own account; another one where these tests are run by those of tests/integration/separation."""
    made = agents_account()
    yield made
    await made.close()


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory, account: AgentsAccount) -> Iterator[Place]:
    base = tmp_path_factory.mktemp("s") if not account.apart else shared_folder()
    work = base / "work"
    work.mkdir()
    if account.apart:
        work.chmod(0o777)
    config = SessionsConfig(base / "run", base / "state", work, shell="/bin/sh")  # noqa: S604 - a path
    yield Place(config, account=account)
    for process in psutil.process_iter(["cmdline"]):
        if any(str(base) in word for word in process.info["cmdline"] or []):
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(3)


@pytest.fixture
async def sessions(place: Place) -> AsyncIterator[Sessions]:
    daemon = place.daemon()
    await daemon.start()
    yield daemon
    for info in daemon.list():
        await daemon.end(info.id)
    await daemon.close()


async def start(sessions: Sessions, place: Place, agent: str | None = None, **fields: object) -> SessionInfo:
    return await sessions.create(place.spec(agent, **fields))
