from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.agents.cli import AgentCli, LoginWay, Ways
from gateway.agents.installer import Agents
from gateway.agents.login import AgentLogins, address_in, code_in
from gateway.sessions.types import Ended, Output, SessionInfo, SessionSpec, SessionStatus, ViewerItem
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.recorder import Recorder

HOSTS = ("vendor.example",)


@pytest.mark.parametrize(
    ("shown", "address"),
    [
        ("go to https://vendor.example/a?b=c&d=e\r\n", "https://vendor.example/a?b=c&d=e"),
        ("\x1b[1m\x1b[34mhttps://login.vendor.example/x\x1b[0m ", "https://login.vendor.example/x"),
        (
            "\x1b]8;;https://vendor.example/x\x07here\x1b]8;;\x07 (https://vendor.example/y). ",
            "https://vendor.example/y",
        ),
        ("https://vendor.example/one https://vendor.example/two\n", "https://vendor.example/two"),
        ("https://vendor.example/not-yet-whole", None),
        ("https://evil.example/ ", None),
        ("https://vendor.example.evil.example/ ", None),
        ("https://notvendor.example/ ", None),
        ("https://vendor.example@evil.example/ ", None),
        ("http://vendor.example/plain ", None),
        ("https://[bad/ ", None),
        ("https://vendor.example/" + "x" * 3000 + " ", None),
    ],
)
def test_an_address_is_whole_and_leads_to_the_vendor(shown: str, address: str | None) -> None:
    assert address_in(shown, HOSTS) == address


def test_where_no_vendor_is_known_any_https_address_counts() -> None:
    assert address_in("https://anywhere.example/x ", ()) == "https://anywhere.example/x"


def test_a_code_is_lifted_out() -> None:
    assert code_in("enter \x1b[1mABCD-12345\x1b[0m there", r"\b[A-Z0-9]{4}-[A-Z0-9]{4,5}\b") == "ABCD-12345"
    assert code_in("ABCD-12345", None) is None


class FakeSessions:
    """One session whose output the test writes."""

    def __init__(self) -> None:
        self.specs: list[SessionSpec] = []
        self.typed: list[bytes] = []
        self.shows: asyncio.Queue[ViewerItem] = asyncio.Queue()

    async def create(self, spec: SessionSpec) -> SessionInfo:
        self.specs.append(spec)
        now = datetime.now(UTC)
        return SessionInfo(
            "s1", spec.name, spec.agent, spec.workdir, SessionStatus.STARTING, "", 80, 24, now, now, False
        )

    @asynccontextmanager
    async def attach(self, session_id: str, *, name: str, scrollback: int = 0) -> AsyncIterator[FakeSessions]:
        yield self

    async def __aiter__(self) -> AsyncIterator[ViewerItem]:
        while True:
            yield await self.shows.get()

    async def input(self, session_id: str, data: bytes) -> None:
        self.typed.append(data)

    def show(self, text: str) -> None:
        self.shows.put_nowait(Output(1, text.encode()))


class LogsIn(Ways):
    login = LoginWay(("login",), HOSTS, (".tiny/login",), code=r"\b[A-Z]{4}-[0-9]{4}\b")


TINY = AgentCli("tiny", "Tiny", "tiny", "tiny", "1.0.0", disk_mb=1, node_major=18, ways=LogsIn())


@pytest.fixture
def sessions() -> FakeSessions:
    return FakeSessions()


@pytest.fixture
async def logins(tmp_path: Path, sessions: FakeSessions, told: Recorder) -> AsyncIterator[AgentLogins]:
    catalog = {"tiny": TINY, "mute": replace(TINY, name="mute", ways=Ways())}
    logins = AgentLogins(Agents(tmp_path, told, catalog=catalog), sessions, told, tmp_path)
    yield logins
    await logins.close()


@pytest.fixture
def told() -> Recorder:
    return Recorder()


async def test_a_login_runs_in_a_session_until_it_ends(
    logins: AgentLogins, sessions: FakeSessions, told: Recorder
) -> None:
    sessions.show("Open https://vendor.example/lo")
    sessions.show("gin?x=1\r\nand enter ABCD-1234.\r\n")
    state = await logins.begin("tiny")
    assert (state.state, state.session_id, state.address) == ("address", "s1", "https://vendor.example/login?x=1")
    (spec,) = sessions.specs
    assert (spec.login, spec.agent, spec.returns, spec.cols) == (True, "tiny", False, 1000)
    assert await logins.begin("tiny") == logins.state("tiny")
    assert len(sessions.specs) == 1
    await logins.enter("tiny", " the code \n")
    assert sessions.typed == [b"the code\r"]
    sessions.shows.put_nowait(Ended(0))
    await logins.ended("tiny")
    state_after = logins.state("tiny")
    assert state_after is not None
    assert state_after.state == "ended"
    assert state_after.address is None
    assert [getattr(event, "state", "") for event in told.events] == ["started", "address", "ended"]
    assert "https" not in "".join(event.model_dump_json() for event in told.events)


async def test_what_cannot_be_entered_is_refused(logins: AgentLogins, sessions: FakeSessions) -> None:
    with pytest.raises(Problem) as nothing:
        await logins.enter("tiny", "x")
    assert nothing.value.code is ProblemCode.NOT_FOUND
    await logins.begin("tiny", patience=0)
    for code in ("", "two\nlines", "\x1b[A", "x" * 2049):
        with pytest.raises(Problem) as refused:
            await logins.enter("tiny", code)
        assert refused.value.code is ProblemCode.INVALID_REQUEST
    assert sessions.typed == []


async def test_a_cli_without_a_login_says_so(logins: AgentLogins) -> None:
    with pytest.raises(Problem) as refused:
        await logins.begin("mute")
    assert "Give it a key" in refused.value.message
