"""The stages of a rollout, from the fields of the form to the values of the desk."""

from __future__ import annotations

import pytest

from hub.rollouts.types import Stage
from hub.web.pages.new_rollout import rows_of, stages_of
from protocol.problems import Problem

EVERYBODY = Stage(percent=100)


def fields(*rows: tuple[str, str, str]) -> dict[str, str]:
    return {
        f"stage-{index}-{name}": value
        for index, row in enumerate(rows, 1)
        for name, value in zip(("number", "unit", "soak"), row, strict=True)
    }


def test_everybody_comes_last_by_itself() -> None:
    stages = stages_of(rows_of(fields(("1", "count", "60"), ("25", "percent", "0"))))
    assert stages == (Stage(count=1, soak_seconds=3600), Stage(percent=25), EVERYBODY)


def test_everybody_is_not_there_twice() -> None:
    assert stages_of(rows_of(fields(("100", "percent", "60")))) == (Stage(percent=100, soak_seconds=3600),)


def test_no_row_at_all_is_one_stage_for_everybody() -> None:
    assert stages_of(rows_of({})) == (EVERYBODY,)


def test_rows_without_a_number_are_left_out() -> None:
    assert stages_of(rows_of(fields(("", "count", "60"), (" 2 ", "count", "0")))) == (Stage(count=2), EVERYBODY)


@pytest.mark.parametrize(
    "row",
    [("0", "count", "0"), ("101", "percent", "0"), ("-1", "count", "0"), ("٣", "count", "0"), ("1", "count", "5")],
)
def test_what_is_no_stage_is_refused_beside_the_stages(row: tuple[str, str, str]) -> None:
    with pytest.raises(Problem) as caught:
        stages_of(rows_of(fields(row)))
    assert caught.value.details["field"] == "stages"
