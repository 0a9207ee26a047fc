from __future__ import annotations

import json

from foundation.web.problems import HTTP_STATUS, json_answer
from protocol.problems import Problem, ProblemCode


def test_every_code_has_a_status_that_is_an_error() -> None:
    assert set(HTTP_STATUS) == set(ProblemCode)
    assert all(400 <= status <= 599 for status in HTTP_STATUS.values())


def test_a_problem_is_answered_with_its_code_sentence_and_details() -> None:
    response = json_answer(Problem(ProblemCode.NAME_TAKEN, "Choose another name.", {"name": "a"}))
    assert response.status == 409
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {
        "error": {"code": "name_taken", "message": "Choose another name.", "details": {"name": "a"}}
    }


def test_headers_say_when_to_come_back_and_how_to_log_in() -> None:
    limited = json_answer(Problem(ProblemCode.RATE_LIMITED, "Wait.", {"retry_after": 7}))
    assert limited.headers["Retry-After"] == "7"
    nobody = json_answer(Problem(ProblemCode.NOT_LOGGED_IN, "Log in."))
    assert nobody.headers["WWW-Authenticate"].startswith("Bearer")
