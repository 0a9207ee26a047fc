from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from gateway.conversations.composing import MAX_MESSAGE, Composer, Grown, Placed
from gateway.conversations.parts import MAX_TEXT, DiffPart, PlanEntry, TextPart, ToolPart, ToolState
from gateway.conversations.texts import CUT
from gateway.conversations.updates import FileDiff, Planned, Said, Thought, ToolTold
from protocol.problems import Problem, ProblemCode

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def composer() -> Composer:
    numbers = count(1)
    return Composer(Path("/work/site"), lambda: f"p{next(numbers)}", lambda: AT)


def add_all(composer: Composer, updates: Sequence[Said | ToolTold]) -> None:
    for update in updates:
        composer.add(update)


def test_text_grows_in_its_part_and_thinking_apart(composer: Composer) -> None:
    assert composer.add(Said("a")) == [Placed(0, TextPart(id="p1", text="a"))]
    assert composer.add(Said("b")) == [Grown("p1", "b")]
    composer.add(Thought("hm"))
    composer.add(Said("c"))
    assert [part.model_dump()["text"] for part in composer.parts()] == ["ab", "hm", "c"]


def test_only_what_changed_is_to_be_written(composer: Composer) -> None:
    composer.add(Said("a"))
    composer.add(ToolTold("t", title="ls"))
    assert list(composer.take_changed()) == [0, 1]
    composer.add(ToolTold("t", more_output="x"))
    changed = composer.take_changed()
    assert list(changed) == [1]
    composer.put_back(changed)
    assert list(composer.take_changed()) == [1]
    assert composer.take_changed() == {}


def test_a_tool_call_is_one_part_whatever_is_told_of_it(composer: Composer) -> None:
    composer.add(ToolTold("t", title="make", input="{}", paths=("/work/site/a/../Makefile", "/etc/x")))
    composer.add(ToolTold("t", state=ToolState.RUNNING))
    assert [composer.tool_runs] == [True]
    assert composer.add(ToolTold("t", state=ToolState.RUNNING)) == []
    composer.add(ToolTold("t", more_output="one "))
    composer.add(ToolTold("t", more_output="two"))
    composer.add(ToolTold("t", state=ToolState.COMPLETED))
    [tool] = composer.parts()
    assert isinstance(tool, ToolPart)
    assert (tool.output, tool.paths, tool.started_at, tool.ended_at) == ("one two", ("Makefile", "/etc/x"), AT, AT)
    assert [composer.tool_runs] == [False]
    composer.add(ToolTold("t", output="all of it"))
    assert composer.parts()[0].model_dump()["output"] == "all of it"


def test_an_output_that_is_told_whole_again_only_grows(composer: Composer) -> None:
    composer.add(ToolTold("t", title="make", output="one\n"))
    assert composer.add(ToolTold("t", output="one\ntwo\n")) == [Grown("p1", "two\n")]
    assert composer.add(ToolTold("t", output="one\ntwo\n")) == []
    [placed] = composer.add(ToolTold("t", output="two\nthree\n"))
    assert isinstance(placed, Placed)
    assert composer.parts()[0].model_dump()["output"] == "two\nthree\n"


def test_raw_output_stands_in_where_nothing_better_is_told(composer: Composer) -> None:
    composer.add(ToolTold("a", more_output="hello"))
    composer.add(ToolTold("a", raw_output='{"exit_code": 0}', state=ToolState.COMPLETED))
    composer.add(ToolTold("b", raw_output="[1]"))
    composer.add(ToolTold("b", raw_output="[1, 2]"))
    composer.add(ToolTold("c", raw_output="{}"))
    composer.add(ToolTold("c", more_output="late"))
    assert [part.model_dump()["output"] for part in composer.parts()] == ["hello", "[1, 2]", "late"]


def test_outputs_replaced_without_end_are_refused(composer: Composer) -> None:
    block = "x" * 100_000
    with pytest.raises(Problem):
        add_all(composer, [ToolTold("t", output=f"{number}{block}") for number in range(1000)])


def test_a_diff_is_replaced_by_its_next_state(composer: Composer) -> None:
    composer.add(ToolTold("t", title="edit", diffs=(FileDiff("/work/site/a.py", "x", "y"),)))
    changes = composer.add(ToolTold("t", diffs=(FileDiff("/work/site/a.py", "x", "z"), FileDiff("b.py", None, ""))))
    assert [(c.index, c.part.model_dump()["new"]) for c in changes if isinstance(c, Placed)] == [(1, "z"), (2, "")]
    assert composer.add(ToolTold("t", diffs=(FileDiff("a.py", "x", "z"),))) == []
    assert [part.path for part in composer.parts() if isinstance(part, DiffPart)] == ["a.py", "b.py"]


def test_a_plan_is_one_part(composer: Composer) -> None:
    composer.add(Planned((PlanEntry(content="a"),)))
    composer.add(Said("x"))
    [placed] = composer.add(Planned((PlanEntry(content="a", status="completed"), PlanEntry(content="b"))))
    assert isinstance(placed, Placed)
    assert (placed.index, len(composer.parts())) == (0, 2)


def test_what_has_not_ended_ends_with_the_answer(composer: Composer) -> None:
    composer.add(ToolTold("a", state=ToolState.COMPLETED))
    composer.add(ToolTold("b", state=ToolState.WAITING))
    [placed] = composer.end(ToolState.CANCELLED)
    assert isinstance(placed, Placed)
    assert placed.part.model_dump()["state"] == "cancelled"


def test_a_text_that_is_too_long_is_cut_once_and_a_flood_refused(composer: Composer) -> None:
    block = "x" * 65536
    for _ in range(MAX_TEXT // len(block) + 3):
        composer.add(Said(block))
    [part] = composer.parts()
    assert isinstance(part, TextPart)
    assert len(part.text) == MAX_TEXT
    assert part.text.count(CUT) == 1
    with pytest.raises(Problem) as caught:
        add_all(composer, [Said(block)] * (MAX_MESSAGE // len(block)))
    assert caught.value.code is ProblemCode.RUNAWAY_OUTPUT


def test_parts_without_end_are_refused(composer: Composer) -> None:
    with pytest.raises(Problem):
        add_all(composer, [ToolTold(str(number)) for number in range(6_000)])
