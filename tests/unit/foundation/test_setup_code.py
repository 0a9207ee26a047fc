from __future__ import annotations

import math
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.setup_code import ALPHABET, LENGTH, SetupCode


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "setup_code"


def test_has_forty_bits_and_no_letters_that_look_alike() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert LENGTH * math.log2(len(ALPHABET)) >= 40
    assert not set("ILOU") & set(ALPHABET)


def test_is_made_once_for_the_owner_only(path: Path) -> None:
    code = SetupCode(path).ensure()
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    assert SetupCode(path).ensure() == SetupCode(path).current() == code
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_device_has_another(tmp_path: Path) -> None:
    assert len({SetupCode(tmp_path / str(n)).ensure() for n in range(20)}) == 20


@pytest.mark.parametrize("typed", ["A0B1-C2D3", "a0b1c2d3", " a0b1 c2d3 ", "AOBI-C2D3", "aobl-c2d3", "A0B1\u2013C2D3"])
def test_forgives_how_it_is_typed(path: Path, typed: str) -> None:
    path.parent.mkdir()
    path.write_text("A0B1-C2D3\n")
    assert SetupCode(path).matches(typed)


@pytest.mark.parametrize("typed", ["", "-", "A0B1-C2D4", "A0B1-C2D", "A0B1-C2D3-4", "A0B1-C2D3" + "-" * 100, "\ud800"])
def test_refuses_anything_else(path: Path, typed: str) -> None:
    path.parent.mkdir()
    path.write_text("A0B1-C2D3\n")
    assert not SetupCode(path).matches(typed)


def test_nothing_matches_before_it_is_made_or_once_it_is_spent(path: Path) -> None:
    code = SetupCode(path)
    assert not code.matches("")
    text = code.ensure()
    code.spend()
    assert code.current() is None
    assert not code.matches(text)
    assert not code.matches("")
    code.spend()
    assert code.ensure() != text


@pytest.mark.parametrize("content", [b"", b"short", b"\x00\xff\xfe", b"UUUU-UUUU"])
def test_a_damaged_file_is_no_code_and_made_anew(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    code = SetupCode(path)
    assert code.current() is None
    assert not code.matches(content.decode(errors="replace"))
    assert code.matches(code.ensure())


@given(typed=st.text(max_size=70))
def test_no_text_breaks_it(tmp_path_factory: pytest.TempPathFactory, typed: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed_setup_code"
    path.write_text("A0B1-C2D3\n")
    plain = re.sub(r"[^0-9A-Z]", "", typed.upper()).translate(str.maketrans("OIL", "011"))
    assert SetupCode(path).matches(typed) == (plain == "A0B1C2D3")
