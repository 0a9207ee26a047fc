from __future__ import annotations

import re
import signal

import pytest

from gateway.conversations.config import awake_for
from gateway.conversations.failures import Ending, of_answer, of_ending
from gateway.conversations.finding import best
from gateway.conversations.ids import Ids
from gateway.conversations.parts import TextPart, ToolKind, ToolPart
from gateway.conversations.policy import allows, option_for, remembered_as
from gateway.conversations.prompting import MAX_DIGEST, digest
from gateway.conversations.records.search import _fts5, _tsquery, _words
from gateway.conversations.texts import MAX_TITLE, bounded, preview_of, title_of
from gateway.conversations.types import Message, Permission, PermissionOption, Reply
from protocol.problems import ProblemCode
from tests.unit.gateway.conversations.test_composing import AT

GIB = 1024**3


def test_ids_grow_also_within_a_microsecond() -> None:
    ids = Ids()
    made = [ids.new("msg") for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000
    assert re.fullmatch(r"msg_[0-9a-z]{20}", made[0])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Fix the login\nplease", "Fix the login"),
        ("\n\n## *Plan* for today", "Plan* for today"),
        ("   ", "Untitled"),
        ("x" * 200, "x" * (MAX_TITLE - 1) + "…"),
        ("word " * 40, ("word " * 16)[:-2].rpartition(" ")[0] + "…"),
        ("a\x00\x1b[31mb", "a  [31mb"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert title_of(text) == title


def test_previews_and_bounds() -> None:
    tool = ToolPart(id="1", call_id="c", name="bash", title="ls -l")
    assert preview_of((tool,)) == "ls -l"
    assert preview_of((tool, TextPart(id="2", text="a\n\nb"))) == "a b"
    assert bounded("x\0", 100) == "x\ufffd"
    assert len(bounded("x" * 1000, 100)) == 100


def call(kind: ToolKind, name: str = "bash") -> ToolPart:
    return ToolPart(id="p", call_id="c", name=name, title="t", tool_kind=kind)


def test_policies() -> None:
    execute, edit = call(ToolKind.EXECUTE), call(ToolKind.EDIT)
    other = call(ToolKind.OTHER, "mcp_search")
    assert not allows(Permission.ASK, frozenset(), edit)
    assert allows(Permission.EDITS, frozenset(), edit)
    assert not allows(Permission.EDITS, frozenset(), execute)
    assert allows(Permission.ALL, frozenset(), execute)
    assert allows(Permission.ASK, frozenset({remembered_as(execute)}), execute)
    assert not allows(Permission.ASK, frozenset({remembered_as(other)}), call(ToolKind.OTHER, "mcp_delete"))


def test_replies_take_the_closest_option() -> None:
    once = PermissionOption(id="y", label="Yes", kind="allow_once")
    always = PermissionOption(id="a", label="Always", kind="allow_always")
    assert option_for(Reply.ALWAYS, [once, always]) == "a"
    assert option_for(Reply.ALWAYS, [once]) == "y"
    assert option_for(Reply.ONCE, [always]) == "a"
    assert option_for(Reply.REJECT, [once, always]) is None


@pytest.mark.parametrize(
    ("code", "message", "data", "expected"),
    [
        (-32000, "Something", None, ProblemCode.NOT_LOGGED_IN),
        (-32603, "Internal error", {"details": "rate_limit_error"}, ProblemCode.RATE_LIMITED),
        (-32603, "Internal error", {"details": "401 unauthorized"}, ProblemCode.NOT_LOGGED_IN),
        (-32603, "fetch failed", None, ProblemCode.UNAVAILABLE),
        (-32603, "ENOSPC: no space left on device", None, ProblemCode.DISK_FULL),
        (-32603, "Internal error", {"details": "odd\x1b[0m thing"}, ProblemCode.SESSION_FAILED),
    ],
)
def test_answers_that_are_errors(code: int, message: str, data: object, expected: ProblemCode) -> None:
    problem = of_answer(code, message, data)
    assert problem.code is expected
    assert "\x1b" not in problem.message


def test_endings() -> None:
    assert "memory" in of_ending(Ending(-signal.SIGKILL, "")).message
    assert "signal 11" in of_ending(Ending(-signal.SIGSEGV, "")).message
    assert "code 1: last words" in of_ending(Ending(1, "first\nlast words\n\n")).message


def test_words_of_a_search_can_be_no_syntax() -> None:
    words = _words("a\"b NEAR(c) d* 'e';-- über")
    assert words == ["a", "b", "NEAR", "c", "d", "e", "über"]
    assert _fts5(words[:2]) == '"a" "b"*'
    assert _tsquery(words[:2]) == "'a' & 'b':*"


def test_files_are_found_by_letters_in_order() -> None:
    paths = ["src/main.py", "docs/domain.md", "README.md", "src/made/in.py"]
    assert best(paths, "main", 9) == ["src/main.py", "docs/domain.md", "src/made/in.py"]
    assert best(paths, "", 2) == ["README.md", "src/main.py"]


def test_a_digest_keeps_the_latest() -> None:
    def message(number: int, by: str = "ann") -> Message:
        part = TextPart(id="p", text=f"{number} " + "x" * 1000)
        return Message(
            id=f"m{number}", conversation_id="c", turn_id="t", role="user", by=by, created_at=AT, parts=(part,)
        )

    said = digest([*(message(number) for number in range(30)), message(99, "hutch")])
    assert len(said) <= MAX_DIGEST + 100
    assert "29 xx" in said
    assert "\n\nPerson: 0 xx" not in said
    assert "99" not in said


def test_agents_awake_by_memory() -> None:
    assert [awake_for(gib * GIB) for gib in (1, 2, 4, 8, 64)] == [1, 1, 2, 5, 12]
