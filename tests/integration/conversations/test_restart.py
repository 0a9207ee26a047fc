"""The daemon is killed in the middle of everything: nothing accepted is lost, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psutil
import pytest

from gateway.agents.acp import Quirks
from gateway.conversations import waking
from gateway.conversations.types import ConversationStatus, TurnState
from protocol.problems import ProblemCode
from tests.doubles.acp_agent import ROOT, ScriptedCommands
from tests.integration.conversations.rig import running, words


async def killed_daemon(root: Path, *prompts: str, options: tuple[str, ...] = ()) -> str:
    """Run a daemon until its first answer has begun, then kill it; the conversation's id."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.conversations.daemon_process", str(root), json.dumps(options)),
        *prompts,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            return (await process.stdout.readline()).decode().strip()
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_what_was_said_is_there_and_the_turn_says_what_happened(tmp_path: Path) -> None:
    name = await killed_daemon(tmp_path, "say so far so good\nchild\nwait", "say I waited")
    async with running(tmp_path) as rig:
        talk = await rig.conversations.get(name)
        first, second = await rig.conversations.turns(name)
        assert first.problem is not None
        assert (first.state, first.problem.code) == (TurnState.FAILED, ProblemCode.UNAVAILABLE)
        assert (await rig.conversations.wait(name, second.id)).state is TurnState.DONE
        messages = await rig.conversations.messages(name)
        assert [message.role for message in messages] == ["user", "user", "agent", "agent"]
        cut = words(messages[2].parts)
        assert cut.startswith("so far so good")
        assert all(message.completed_at is not None for message in messages)
        assert words(messages[3].parts) == "I waited"
        assert (await rig.conversations.get(name)).status is ConversationStatus.IDLE
        assert len(await rig.conversations.search("so far so good")) == 2
        child = int(cut.removeprefix("so far so good") or 0)
        # What was ended is still listed until init has taken note of it.
        left = [psutil.Process(child)] if child and psutil.pid_exists(child) else []
        _, alive = await asyncio.to_thread(psutil.wait_procs, left, 5)
        assert alive == []
        # The agent has its memory of before, which it told again without anybody hearing it twice.
        await rig.do(talk, "memory")
        assert "say so far so good" in (await rig.said(talk))


async def test_programs_that_outlived_the_daemon_are_ended(tmp_path: Path) -> None:
    await killed_daemon(tmp_path, "child\nwait", options=("--stubborn",))
    left = _of(tmp_path)
    async with running(tmp_path):
        assert left
        _, alive = await asyncio.to_thread(psutil.wait_procs, left, 5)
        assert alive == []


async def test_an_agent_that_cannot_load_goes_on_with_a_summary(tmp_path: Path) -> None:
    scripted = ScriptedCommands(tmp_path / "agent-state", options=("--forgets",))
    async with running(tmp_path, scripted=scripted) as rig:
        talk = await rig.begin()
        await rig.do(talk, "say the answer is 42")
    async with running(tmp_path, scripted=scripted) as rig:
        await rig.do(talk, "first")
        *_, note, answer = await rig.conversations.messages(talk.id)
        assert note.by == "hutch"
        assert "could not load" in words(note.parts)
        told = words(answer.parts)
        assert "Person: say the answer is 42" in told
        assert "You: the answer is 42" in told
        await rig.do(talk, "say x")
        assert len(await rig.conversations.messages(talk.id)) == 7


@pytest.mark.parametrize("options", [(), ("--resumes",)])
async def test_memory_survives_a_restart(tmp_path: Path, options: tuple[str, ...]) -> None:
    scripted = ScriptedCommands(tmp_path / "agent-state", options=options)
    async with running(tmp_path, scripted=scripted) as rig:
        talk = await rig.begin()
        await rig.do(talk, "say one")
    async with running(tmp_path, scripted=scripted) as rig:
        assert not (await rig.conversations.get(talk.id)).awake
        await rig.do(talk, "memory")
        assert json.loads(await rig.said(talk)) == ["say one"]
        assert len(await rig.conversations.messages(talk.id)) == 4


async def test_a_session_without_a_turn_is_not_loaded_where_that_harms(tmp_path: Path) -> None:
    scripted = ScriptedCommands(tmp_path / "agent-state", quirks=Quirks(load_after_create_fails=True))
    async with running(tmp_path, scripted=scripted) as rig:
        talk = await rig.begin()
        await rig.do(talk, "crash 1")
        await rig.do(talk, "say one")
        await rig.do(talk, "crash 1")
        await rig.do(talk, "memory")
        assert json.loads(await rig.said(talk))[-2:] == ["say one", "crash 1"]


async def test_a_session_is_not_opened_twice_in_a_minute_where_that_harms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[datetime | None] = []

    def left(opened_at: datetime | None, at: datetime) -> float:
        opened.append(opened_at)
        return 0.01

    monkeypatch.setattr(waking, "left_of_minute", left)
    scripted = ScriptedCommands(tmp_path / "agent-state", quirks=Quirks(names_sessions_by_minute=True))
    before = datetime.now(UTC)
    async with running(tmp_path, scripted=scripted) as rig:
        talk = await rig.begin()
        await rig.do(talk, "say one")
        after = datetime.now(UTC)
        assert opened == []
    async with running(tmp_path, scripted=scripted) as rig:
        await rig.do(talk, "memory")
        assert json.loads(await rig.said(talk)) == ["say one"]
    async with running(tmp_path, scripted=scripted) as rig:
        await rig.do(talk, "say two")
    [first, second] = opened
    assert first is not None
    assert second is not None
    assert before < first < after < second


@pytest.mark.parametrize(
    ("opened", "at", "seconds"),
    [
        ("10:00:03", "10:00:20.5", 39.5),
        ("10:00:59.9", "10:00:59.9", 0.1),
        ("10:00:59.9", "10:01:00", 0),
        ("10:00:20", "10:00:03", 57),
        ("09:00:20", "10:00:20", 0),
        ("10:05:00", "10:00:20", 0),
    ],
)
def test_how_much_of_a_minute_is_left(opened: str, at: str, seconds: float) -> None:
    first, then = (datetime.fromisoformat(f"2026-05-01T{one}+00:00") for one in (opened, at))
    assert waking.left_of_minute(first, then) == pytest.approx(seconds)
    elsewhere = then.astimezone(timezone(timedelta(hours=5, minutes=45)))
    assert waking.left_of_minute(first, elsewhere) == pytest.approx(seconds)
    assert waking.left_of_minute(None, then) == 0


async def test_a_stop_in_mid_turn_keeps_what_was_said(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        talk = await rig.begin()
        async with rig.following(talk) as events:
            turn = await rig.send(talk, "say half", "wait")
            async for event in events:
                if event.type == "message.part":
                    break
    async with running(tmp_path) as rig:
        [over] = await rig.conversations.turns(talk.id)
        assert (over.id, over.state) == (turn.id, TurnState.FAILED)
        assert await rig.said(talk) == "half"


def _of(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and str(root) in " ".join([*process.cmdline(), process.cwd()]):
                found.append(process)
        except psutil.Error:
            continue
    return found
