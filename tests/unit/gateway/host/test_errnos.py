from __future__ import annotations

import errno

import pytest

from gateway.host.errnos import problem_of, problems_of
from protocol.problems import Problem, ProblemCode


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, ProblemCode.DISK_FULL),
        (errno.EDQUOT, ProblemCode.DISK_FULL),
        (errno.EACCES, ProblemCode.PERMISSION_DENIED),
        (errno.EROFS, ProblemCode.PERMISSION_DENIED),
        (errno.ENOENT, ProblemCode.NOT_FOUND),
        (errno.EEXIST, ProblemCode.CONFLICT),
        (errno.ELOOP, ProblemCode.PATH_OUTSIDE_WORKSPACE),
        (errno.EIO, ProblemCode.UNAVAILABLE),
        (None, ProblemCode.UNAVAILABLE),
    ],
)
def test_every_error_of_the_system_is_a_problem_that_names_the_file(number: int | None, code: ProblemCode) -> None:
    problem = problem_of(OSError(number, "no") if number else OSError(), "'a file'")
    assert problem.code is code
    assert "'a file'" in problem.message
    assert problem.message.endswith(".")


def test_the_cause_is_kept_for_the_log() -> None:
    error = OSError(errno.EACCES, "no")
    with pytest.raises(Problem) as refused, problems_of("'x'"):
        raise error
    assert refused.value.__cause__ is error
