from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.enrolment.codes import ALPHABET, check_letter, code_digest, new_code, plain_code
from protocol.notices import GatewayUnclaimed
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.enrolment.rig import START

LETTERS = st.text(ALPHABET, min_size=8, max_size=8)


def refused(text: str) -> bool:
    try:
        plain_code(text)
    except Problem as problem:
        return problem.code is ProblemCode.INVALID_REQUEST
    return False


def test_a_new_code_is_one_and_fits_the_wire() -> None:
    code = new_code()
    assert plain_code(code) == code.replace("-", "")
    GatewayUnclaimed(claim_code=code, claim_url="https://hub.example/claim", expires_at=START, fingerprint="SHA256:x")


def test_codes_differ() -> None:
    assert len({new_code() for _ in range(500)}) == 500


@given(LETTERS)
def test_what_people_type_instead_is_understood(letters: str) -> None:
    code = letters + check_letter(letters)
    typed = f" {code[:4].lower()} {code[4:8]}--{code[8]}".replace("0", "o").replace("1", "l")
    assert plain_code(typed) == code


@given(LETTERS, st.integers(0, 8), st.sampled_from(ALPHABET))
def test_every_wrong_letter_shows(letters: str, place: int, other: str) -> None:
    code = letters + check_letter(letters)
    wrong = code[:place] + other + code[place + 1 :]
    assert refused(wrong) == (wrong != code)


@given(LETTERS, st.integers(0, 8), st.integers(0, 8))
def test_every_two_letters_that_changed_places_show(letters: str, one: int, two: int) -> None:
    code = letters + check_letter(letters)
    swapped = list(code)
    swapped[one], swapped[two] = swapped[two], swapped[one]
    assert refused("".join(swapped)) == ("".join(swapped) != code)


@pytest.mark.parametrize(
    "text", ["", "0", "0000-0000", "0000-0000-00", "UUUU-UUUU-U", "Ä" * 9, "0" * 1_000_000, "\x00" * 9]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    assert refused(text)


def test_a_digest_needs_the_pepper() -> None:
    assert code_digest(b"one", "000000000") != code_digest(b"two", "000000000")
    assert code_digest(b"one", "000000000") == code_digest(b"one", "000000000")
