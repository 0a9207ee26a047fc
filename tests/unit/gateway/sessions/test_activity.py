from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import pytest

from gateway.agents.registry import CATALOG
from gateway.sessions.activity import QUIET_AFTER, RESTS_AFTER, STALE_AFTER, Activity
from gateway.sessions.types import SessionStatus

S = SessionStatus


class Clockwork:
    """A loop whose time the test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self._timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[..., None], *given: object) -> Timer:
        timer = Timer(self.now + delay, partial(call, *given))
        self._timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((t for t in self._timers if not t.cancelled and t.at <= end), key=lambda t: t.at):
            self.now = max(self.now, due[0].at)
            self._timers.remove(due[0])
            due[0].call()
        self.now = end

    @property
    def waiting(self) -> int:
        return sum(not timer.cancelled for timer in self._timers)


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Watched:
    """An activity and every status it told."""

    def __init__(self, clock: Clockwork, agent: str | None) -> None:
        self.told: list[SessionStatus] = []
        self.activity = Activity(self._changed, CATALOG[agent].ways if agent else None)
        self.clock = clock

    def _changed(self) -> None:
        self.told.append(self.activity.status)

    def hook(self, event: str, **data: object) -> None:
        given: Mapping[str, object] = data
        self.activity.heard(event, given)

    def now(self) -> SessionStatus:
        return self.activity.status


Make = Callable[[str | None], Watched]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    clock = Clockwork()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: clock)
    return lambda agent: Watched(clock, agent)


def test_a_shell_works_while_it_prints(make: Make) -> None:
    shell = make(None)
    assert shell.now() is S.STARTING
    shell.activity.began()
    shell.activity.output()
    assert shell.now() is S.WORKING
    shell.clock.advance(QUIET_AFTER - 0.1)
    shell.activity.output()
    shell.clock.advance(QUIET_AFTER - 0.1)
    assert shell.now() is S.WORKING
    shell.clock.advance(0.2)
    assert shell.told == [S.WORKING, S.IDLE]
    shell.activity.output()
    assert shell.now() is S.WORKING


def test_one_that_prints_nothing_is_idle_after_a_moment(make: Make) -> None:
    shell = make(None)
    shell.activity.began()
    shell.clock.advance(QUIET_AFTER + 0.1)
    assert shell.told == [S.IDLE]


def test_a_bell_of_a_shell_waits_for_any_key(make: Make) -> None:
    shell = make(None)
    shell.activity.bell()
    assert shell.now() is S.WAITING
    shell.activity.typed(b"\x1b[A")
    shell.clock.advance(QUIET_AFTER + 0.1)
    assert shell.told == [S.WAITING, S.WORKING, S.IDLE]


def test_a_known_mark_in_a_title_waits_and_a_mark_of_the_program_counts(make: Make) -> None:
    shell = make(None)
    shell.activity.titled("Action Required")
    assert shell.now() is S.WAITING
    shell.activity.mark(S.IDLE)
    assert shell.now() is S.IDLE


@pytest.mark.parametrize(
    ("agent", "busy", "asks", "rests"),
    [
        ("claude-code", "UserPromptSubmit", "PermissionRequest", "Stop"),
        ("codex", "UserPromptSubmit", "PermissionRequest", "Stop"),
    ],
)
def test_hooks_say_it_all(make: Make, agent: str, busy: str, asks: str, rests: str) -> None:
    session = make(agent)
    session.hook(busy, prompt="do it")
    session.hook(asks, tool_name="Bash", tool_input={"command": "rm -rf\n/tmp/x", "description": "Remove"})
    assert session.now() is S.WAITING
    assert session.activity.waiting_for == "Bash: rm -rf /tmp/x"
    session.activity.typed(b"\r")
    assert session.now() is S.WORKING
    session.hook("PostToolUse", tool_name="Bash")
    session.hook(rests)
    assert session.told == [S.WORKING, S.WAITING, S.WORKING, S.IDLE]
    session.activity.output()
    assert session.now() is S.IDLE, "a screen that changes is no work while the program says that it rests"


def test_gemini_and_opencode_say_it_in_their_own_words(make: Make) -> None:
    gemini = make("gemini")
    gemini.hook("BeforeAgent")
    gemini.hook(
        "Notification",
        notification_type="ToolPermission",
        message="Confirm Shell Command",
        details={"type": "exec", "command": "ls"},
    )
    assert gemini.activity.waiting_for == "Confirm Shell Command: ls"
    gemini.hook("AfterAgent")
    opencode = make("opencode")
    opencode.hook("working")
    opencode.hook("waiting", asks="bash: ls")
    assert opencode.activity.waiting_for == "bash: ls"
    opencode.hook("working")
    opencode.hook("idle")
    assert gemini.told == [S.WORKING, S.WAITING, S.IDLE]
    assert opencode.told == [S.WORKING, S.WAITING, S.WORKING, S.IDLE]


def test_what_comes_by_the_way_does_not_close_a_question(make: Make) -> None:
    session = make("claude-code")
    session.hook("PermissionRequest", tool_name="Bash", tool_input={"command": "make"})
    session.hook("PostToolUse", tool_name="Read", tool_input={"file_path": "/a"})
    session.activity.titled("✳ Claude Code")
    session.activity.typed(b"\x1b[B")
    session.activity.typed(b"half a sentence")
    assert session.now() is S.WAITING
    session.hook("PostToolUse", tool_name="Bash", tool_input={"command": "make"})
    assert session.now() is S.WORKING, "what was asked for was done: somebody else has answered"


def test_a_second_word_on_the_same_question_keeps_what_it_asks(make: Make) -> None:
    session = make("claude-code")
    session.hook("PermissionRequest", tool_name="Bash", tool_input={"command": "make"})
    session.hook("Notification", notification_type="permission_prompt", message="Claude needs your permission")
    assert session.activity.waiting_for == "Bash: make"
    session.hook("PermissionRequest", tool_name="Bash", tool_input={"command": "other"})
    assert session.activity.waiting_for == "Bash: other"
    assert session.told == [S.WAITING, S.WAITING]


def test_an_interruption_without_a_hook_ends_in_silence(make: Make) -> None:
    session = make("claude-code")
    session.hook("UserPromptSubmit")
    session.activity.output()
    session.activity.typed(b"\x1b")
    assert session.now() is S.WORKING
    session.clock.advance(QUIET_AFTER + 0.1)
    assert session.now() is S.IDLE
    session.activity.output()
    assert session.now() is S.IDLE, "somebody types"
    session.hook("UserPromptSubmit")
    assert session.now() is S.WORKING


def test_one_that_said_it_works_and_fell_silent_is_not_believed_for_ever(make: Make) -> None:
    session = make("codex")
    session.hook("UserPromptSubmit")
    session.activity.output()
    session.clock.advance(STALE_AFTER - 0.1)
    assert session.now() is S.WORKING
    session.clock.advance(0.2)
    assert session.now() is S.IDLE
    session.activity.output()
    assert session.now() is S.WORKING


def test_the_star_of_claude_stands_there_at_work_too(make: Make) -> None:
    session = make("claude-code")
    session.hook("UserPromptSubmit")
    session.activity.titled("✳ Claude Code")
    assert session.now() is S.WORKING
    session.hook("Stop")
    session.activity.titled("⠂ Claude Code")
    assert session.told == [S.WORKING, S.IDLE, S.WORKING]


def test_titles_speak_where_hooks_do_not(make: Make) -> None:
    codex = make("codex")
    for title in ("⠋ work", "[ ! ] Action Required | work", "work"):
        codex.activity.titled(title)
    assert codex.told == [S.WORKING, S.WAITING]
    codex.activity.typed(b"y")
    codex.activity.titled("work")
    codex.clock.advance(RESTS_AFTER)
    assert codex.told == [S.WORKING, S.WAITING, S.WORKING, S.IDLE]
    gemini = make("gemini")
    for title in ("✦  Working… (work)", "◇  Ready (work)"):
        gemini.activity.titled(title)
    gemini.clock.advance(RESTS_AFTER)
    gemini.activity.titled("something else")
    assert gemini.told == [S.WORKING, S.IDLE]


def test_a_title_that_rests_for_a_moment_between_two_steps_is_not_believed(make: Make) -> None:
    gemini = make("gemini")
    gemini.hook("BeforeAgent")
    gemini.activity.titled("◇  Ready (work)")
    gemini.clock.advance(RESTS_AFTER / 2)
    gemini.activity.titled("◇  Ready (work)")
    gemini.hook("Notification", message="Confirm", details={"command": "ls"})
    gemini.clock.advance(RESTS_AFTER)
    assert gemini.told == [S.WORKING, S.WAITING]
    gemini.hook("AfterTool", tool_name="run_shell_command", tool_input={"command": "ls"})
    gemini.activity.typed(b"\r")
    gemini.activity.titled("◇  Ready (work)")
    gemini.activity.titled("✦  Working… (work)")
    gemini.clock.advance(RESTS_AFTER)
    assert gemini.told == [S.WORKING, S.WAITING, S.WORKING]
    gemini.activity.titled("◇  Ready (work)")
    gemini.activity.close()
    assert gemini.clock.waiting == 0


def test_a_question_that_its_title_tells_no_more_is_answered(make: Make) -> None:
    gemini = make("gemini")
    gemini.hook("BeforeAgent")
    gemini.hook("Notification", message="Confirm", details={"command": "ls"})
    gemini.activity.titled("✋  Action Required (work)")
    gemini.activity.titled("✦  Working… (work)")
    assert gemini.told == [S.WORKING, S.WAITING, S.WORKING]
    gemini.activity.titled("✋  Action Required (work)")
    gemini.activity.titled("◇  Ready (work)")
    assert gemini.now() is S.WAITING
    gemini.clock.advance(RESTS_AFTER)
    assert gemini.now() is S.IDLE


def test_a_question_that_is_heard_of_after_its_answer_ends_with_what_was_asked(make: Make) -> None:
    gemini = make("gemini")
    gemini.hook("BeforeAgent")
    gemini.activity.titled("✋  Action Required (work)")
    gemini.activity.typed(b"\r")
    gemini.activity.titled("✦  Working… (work)")
    gemini.hook("Notification", message="Confirm", details={"command": "touch a.txt"})
    gemini.hook("AfterTool", tool_name="run_shell_command", tool_input={"command": "touch b.txt"})
    assert gemini.now() is S.WAITING, "that was another one"
    gemini.hook("AfterTool", tool_name="run_shell_command", tool_input={"command": "touch a.txt"})
    assert gemini.now() is S.WORKING


def test_a_program_that_speaks_does_not_wait_by_ringing(make: Make) -> None:
    session = make("claude-code")
    session.activity.began()
    session.activity.bell()
    session.clock.advance(QUIET_AFTER + 0.1)
    assert session.told == [S.IDLE]


def test_after_the_end_nothing_is_due(make: Make) -> None:
    session = make("codex")
    session.activity.began()
    session.hook("UserPromptSubmit")
    session.activity.close()
    session.activity.close()
    assert session.clock.waiting == 0
