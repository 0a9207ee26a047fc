from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from protocol.problems import Problem
from provisioning.identity import FILE_NAME, KEY_FILE_NAME, gateway_id


def test_is_made_once_and_stays(tmp_path: Path) -> None:
    first = gateway_id(tmp_path / "data")
    assert re.fullmatch(r"hutch-[a-z2-7]{20}", first)
    assert gateway_id(tmp_path / "data") == first
    assert stat.S_IMODE((tmp_path / "data" / KEY_FILE_NAME).stat().st_mode) == 0o600


def test_two_devices_have_two(tmp_path: Path) -> None:
    assert gateway_id(tmp_path / "a") != gateway_id(tmp_path / "b")


def test_all_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(gateway_id, [tmp_path] * 32))) == 1


def test_an_id_somebody_chose_is_kept(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("Garage_pi-5\n")
    assert gateway_id(tmp_path) == "Garage_pi-5"


@pytest.mark.parametrize("content", [b"", b"a b", b"a/b", b"\xff\xfe", b"a" * 65, b"one\ntwo"])
def test_a_file_without_an_id_is_a_problem_that_names_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(Problem, match=FILE_NAME):
        gateway_id(tmp_path)
