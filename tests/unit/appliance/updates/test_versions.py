from __future__ import annotations

from itertools import pairwise

import pytest

from appliance.updates.versions import Version, check_step, is_newer, is_patch, same
from protocol.problems import Problem, ProblemCode


def test_versions_have_an_order() -> None:
    ordered = [
        "0.1.0",
        "0.9.0",
        "0.10.0",
        "1.0.0-alpha.1",
        "1.0.0-beta.1",
        "1.0.0-rc.1",
        "1.0.0rc2",
        "1.0.0",
        "1.0.1",
        "2.0",
    ]
    assert sorted(ordered, key=Version.parse) == ordered
    for older, newer in pairwise(ordered):
        assert is_newer(newer, older)
        assert not is_newer(older, newer)


def test_the_same_version_has_several_spellings() -> None:
    assert same("v1.2.0", "1.2")
    assert same("1.2.3-rc.1", "1.2.3rc1")
    assert same("1.2.3+build.7", "1.2.3")


@pytest.mark.parametrize("text", ["", "1", "1.2.3.4", "latest", "1.2.x", "1." + "9" * 50, "1.2.3; rm", "١.٢.٣"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(Problem) as refused:
        Version.parse(text)
    assert refused.value.code is ProblemCode.INVALID_REQUEST


NO_PATCHES = ("1.2.3", "1.2.2", "1.3.0", "2.0.0", "1.2.4-rc.1")


@pytest.mark.parametrize(
    ("version", "patch"),
    [
        ("1.2.4", True),
        ("1.2.10", True),
        ("1.2.3", False),
        ("1.2.2", False),
        ("1.3.0", False),
        ("2.0.0", False),
        ("1.2.4-rc.1", False),
    ],
)
def test_a_patch_only_mends(version: str, patch: bool) -> None:
    assert is_patch(version, "1.2.3") is patch


def test_a_step_back_needs_to_be_asked_for() -> None:
    check_step("1.2.4", "1.2.3", downgrade=False)
    check_step("1.2.2", "1.2.3", downgrade=True)
    with pytest.raises(Problem) as refused:
        check_step("1.2.2", "1.2.3", downgrade=False)
    assert refused.value.details == {"downgrade": True}
    with pytest.raises(Problem):
        check_step("1.2.3", "1.2.3", downgrade=True)
