"""An agent that misbehaves in every way there is: a clear problem, nothing else disturbed, nothing left behind."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gateway.conversations.types import ConversationStatus, Reply, TurnState
from protocol.problems import Problem, ProblemCode
from tests.doubles.acp_agent import ScriptedCommands
from tests.integration.conversations.rig import CONFIG, Rig, running, until, words


async def failed(rig: Rig, *steps: str) -> tuple[ProblemCode, str]:
    """The problem of a turn that fails; afterwards the conversation goes on."""
    talk = await rig.begin()
    turn = await rig.do(talk, *steps)
    assert turn.state is TurnState.FAILED
    assert turn.problem is not None
    shown = await rig.conversations.get(talk.id)
    assert (shown.status, shown.problem) == (ConversationStatus.FAILED, turn.problem)
    assert (await rig.do(talk, "say well again")).state is TurnState.DONE
    return turn.problem.code, turn.problem.message


@pytest.mark.parametrize(
    ("step", "code", "word"),
    [
        ("crash 3 something odd", ProblemCode.SESSION_FAILED, "code 3: something odd"),
        ("crash 134 FATAL ERROR: JavaScript heap out of memory", ProblemCode.UNAVAILABLE, "memory"),
        ("killed", ProblemCode.UNAVAILABLE, "memory"),
        ("garbage 5000 + wait", ProblemCode.MALFORMED_MESSAGE, "nobody can read"),
        ("flood 20000 + wait", ProblemCode.RUNAWAY_OUTPUT, "more than an answer can hold"),
        ("endless 67108864 + wait", ProblemCode.RUNAWAY_OUTPUT, "without end"),
        ("error -32000 Authentication required", ProblemCode.NOT_LOGGED_IN, "Log in"),
        ("error -32603 429 Too Many Requests", ProblemCode.RATE_LIMITED, "rate limit"),
        ("error -32603 getaddrinfo ENOTFOUND api.example", ProblemCode.UNAVAILABLE, "network"),
        ("error -32603 Your credit balance is too low", ProblemCode.RATE_LIMITED, "credit"),
        ("error -32603 Internal error: 500 oops", ProblemCode.UNAVAILABLE, "fault of its own"),
        ("error -32603 no idea", ProblemCode.SESSION_FAILED, "no idea"),
        ("stop refusal", ProblemCode.FORBIDDEN, "refuses"),
        ('raw {"jsonrpc":"2.0","id":[1],"result":1} + wait', ProblemCode.SESSION_FAILED, "ended"),
    ],
)
async def test_a_turn_that_fails_says_why(rig: Rig, step: str, code: ProblemCode, word: str) -> None:
    found, message = await failed(rig, "say so far", *step.split(" + "))
    assert (found, word in message) == (code, True), message


async def test_a_turn_without_a_word_is_no_success(rig: Rig) -> None:
    turn = await rig.do(await rig.begin(), "stop end_turn")
    assert turn.problem is not None
    assert "without a word" in turn.problem.message


async def test_what_was_said_before_a_crash_is_kept(rig: Rig) -> None:
    talk = await rig.begin()
    await rig.do(talk, "say so far so good", "tool execute in_progress make", "crash 1")
    answer = await rig.answer(talk)
    assert words(answer.parts) == "so far so good"
    assert answer.parts[1].model_dump()["state"] == "failed"
    assert answer.completed_at is not None


async def test_rubbish_between_messages_is_survived(rig: Rig) -> None:
    talk = await rig.begin()
    turn = await rig.do(
        talk,
        "say a",
        "garbage 20",
        'raw {"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"x","update":{"sessionUpdate":"new"}}}',
        'raw {"jsonrpc":"2.0","method":7}',
        "raw []",
        "noise 500",
        "say b",
    )
    assert turn.state is TurnState.DONE
    assert await rig.said(talk) == "ab"


async def test_a_failed_turn_is_tried_again(rig: Rig) -> None:
    talk = await rig.begin()
    marker = rig.work / "marker"
    failed_turn = await rig.do(talk, "read marker", "write marker x", "crash 1")
    assert failed_turn.state is TurnState.FAILED
    await asyncio.to_thread(marker.unlink)
    again = await rig.conversations.retry(talk.id)
    over = await rig.conversations.wait(talk.id, again.id)
    assert over.state is TurnState.FAILED
    assert await asyncio.to_thread(marker.exists)
    assert [message.role for message in await rig.conversations.messages(talk.id)] == ["user", "agent", "agent"]


async def test_an_agent_without_a_login_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, scripted=ScriptedCommands(tmp_path / "a", options=("--logged-out",))) as rig:
        talk = await rig.begin()
        turn = await rig.do(talk, "say x")
        assert turn.problem is not None
        assert turn.problem.code is ProblemCode.NOT_LOGGED_IN
        assert not (await rig.conversations.get(talk.id)).awake


async def test_an_agent_that_never_answers_is_ended(tmp_path: Path) -> None:
    config = replace(CONFIG, start_seconds=1.0)
    async with running(tmp_path, config, ScriptedCommands(tmp_path / "a", options=("--mute",))) as rig:
        turn = await rig.do(await rig.begin(), "say x")
        assert turn.problem is not None
        assert turn.problem.code is ProblemCode.TIMEOUT
        assert _agents_of(rig) == []


async def test_silence_has_an_end_but_a_person_may_think(tmp_path: Path) -> None:
    config = replace(CONFIG, silence_seconds=2.5)
    async with running(tmp_path, config) as rig:
        talk = await rig.begin()
        turn = await rig.do(talk, "say x", "wait")
        assert turn.problem is not None
        assert turn.problem.code is ProblemCode.TIMEOUT
        async with rig.following(talk) as events:
            turn = await rig.send(talk, "ask execute x", "say y")
            request = await rig.asked(events)
            await asyncio.to_thread(time.sleep, 3.0)
            assert list(await rig.conversations.permissions(talk.id)) == [request]
            await rig.conversations.answer(request.id, Reply.ONCE, by="ann")
            assert (await rig.conversations.wait(talk.id, turn.id)).state is TurnState.DONE


@pytest.mark.parametrize("options", [(), ("--stubborn",)])
async def test_a_cancel_is_over_within_a_second(tmp_path: Path, options: tuple[str, ...]) -> None:
    async with running(tmp_path, scripted=ScriptedCommands(tmp_path / "a", options=options)) as rig:
        talk = await rig.begin()
        async with rig.following(talk) as events:
            turn = await rig.send(talk, "say x", "child", "tool execute in_progress make", "wait")
            await until(events, "message.part")
            await until(events, "message.part")
            before = time.monotonic()
            assert await rig.conversations.cancel(talk.id)
            assert time.monotonic() - before < 1.0
        over = await rig.conversations.wait(talk.id, turn.id)
        assert over.state is TurnState.CANCELLED
        assert (await rig.answer(talk)).parts[-1].model_dump()["state"] == "cancelled"
        assert (await rig.conversations.get(talk.id)).awake is (not options)
        assert not await rig.conversations.cancel(talk.id)
        assert (await rig.do(talk, "say again")).state is TurnState.DONE


async def test_a_cancel_while_the_agent_starts_leaves_nothing(rig: Rig) -> None:
    talk = await rig.begin()
    async with rig.following(talk) as events:
        await rig.send(talk, "say x")
        await until(events, "turn.started")
        assert await rig.conversations.cancel(talk.id)
    assert not (await rig.conversations.get(talk.id)).awake
    assert _agents_of(rig) == []


async def test_paths_outside_are_refused_and_inside_served(rig: Rig, tmp_path: Path) -> None:
    talk = await rig.begin()
    secret = tmp_path / "secret"
    await asyncio.to_thread(secret.write_text, "hidden")
    await asyncio.to_thread((rig.work / "link").symlink_to, secret)
    for step in ("read ../secret", f"read {secret}", "read link", "write ../new x", "write link x", "terminal ls"):
        assert (await rig.do(talk, step)).state is TurnState.DONE
        said = await rig.said(talk)
        assert said.startswith("refused"), (step, said)
        assert "hidden" not in said
    await rig.do(talk, "write deep/er/file.txt words", "read deep/er/file.txt")
    assert await rig.said(talk) == "words"
    assert await asyncio.to_thread(secret.read_text) == "hidden"
    assert not await asyncio.to_thread((tmp_path / "new").exists)


async def test_a_folder_that_vanishes_is_said(rig: Rig) -> None:
    await asyncio.to_thread((rig.work / "gone").mkdir)
    talk = await rig.begin(folder="gone")
    await rig.do(talk, "crash 1")
    await asyncio.to_thread(shutil.rmtree, rig.work / "gone")
    with pytest.raises(Problem) as caught:
        await rig.send(talk, "say x")
    assert caught.value.code is ProblemCode.WORKDIR_MISSING


async def test_a_folder_that_vanishes_in_mid_turn_harms_nobody(rig: Rig) -> None:
    await asyncio.to_thread((rig.work / "gone").mkdir)
    talk, other = await rig.begin(folder="gone"), await rig.begin()
    async with rig.following(talk) as events:
        turn = await rig.send(talk, "ask execute x", "write a.txt b")
        request = await rig.asked(events)
        await asyncio.to_thread(shutil.rmtree, rig.work / "gone")
        await rig.conversations.answer(request.id, Reply.ONCE, by="ann")
        assert (await rig.conversations.wait(talk.id, turn.id)).state is TurnState.DONE
    assert "refused" in await rig.said(talk)
    assert (await rig.do(other, "say fine")).state is TurnState.DONE


async def test_a_flood_in_one_conversation_does_not_disturb_another(rig: Rig) -> None:
    loud, calm = await rig.begin(), await rig.begin()
    await rig.do(calm, "say awake")
    async with rig.following(calm) as events:
        flood = await rig.send(loud, "flood 20000")
        before = time.monotonic()
        turn = await rig.send(calm, "say a", "say b")
        await until(events, "turn.ended")
        assert time.monotonic() - before < 5.0
        assert (await rig.conversations.wait(calm.id, turn.id)).state is TurnState.DONE
        assert (await rig.conversations.wait(loud.id, flood.id)).problem is not None


async def test_no_process_of_an_agent_outlives_its_end(rig: Rig) -> None:
    talk = await rig.begin()
    await rig.do(talk, "child")
    child = int(await rig.said(talk))
    assert psutil.pid_exists(child)
    await rig.conversations.remove(talk.id)
    assert _agents_of(rig) == []
    async with asyncio.timeout(5):
        # The kernel takes its time with what it was told to kill.
        while _lives(child):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_conversation_that_is_removed_takes_its_turn_with_it(rig: Rig) -> None:
    talk = await rig.begin()
    async with rig.following(talk) as events:
        await rig.send(talk, "say x", "wait")
        await until(events, "message.added")
        await rig.conversations.remove(talk.id)
        await until(events, "conversation.removed")
    with pytest.raises(Problem) as caught:
        await rig.conversations.get(talk.id)
    assert caught.value.code is ProblemCode.NOT_FOUND
    assert _agents_of(rig) == []


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _agents_of(rig: Rig) -> list[int]:
    return [
        process.pid
        for process in psutil.Process().children(recursive=True)
        if str(rig.scripted.state) in " ".join(process.cmdline())
    ]
