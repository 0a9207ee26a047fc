"""The boot state: two copies, of which a power cut at any byte leaves one."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.unit.image.programs import load

boot_state = load("boot-state")
BootState = boot_state.BootState
NEW = BootState().good("A").bad("B")

states = some.builds(
    BootState,
    generation=some.integers(0, 2**48),
    order=some.permutations(["A", "B"]).map(tuple),
    left=some.tuples(some.integers(0, 3), some.integers(0, 3)),
    last_good=some.sampled_from(["A", "B"]),
)


@given(states)
def test_what_is_written_is_read(state: object) -> None:
    sector = boot_state.encode(state)
    assert len(sector) == boot_state.SECTOR
    assert boot_state.decode(sector) == state


@given(some.binary(max_size=600))
def test_garbage_is_no_state(garbage: bytes) -> None:
    assert boot_state.decode(garbage) is None


@given(states, some.integers(0, 511), some.integers(1, 255))
def test_one_changed_byte_is_seen(state: object, place: int, change: int) -> None:
    sector = bytearray(boot_state.encode(state))
    sector[place] ^= change
    assert boot_state.decode(bytes(sector)) is None


def test_the_newer_copy_counts_and_the_other_is_written_next() -> None:
    older, newer = (boot_state.encode(BootState(generation=number)) for number in (9, 10))
    assert boot_state.newest([older, newer]) == (BootState(generation=10), 0)
    assert boot_state.newest([newer, older]) == (BootState(generation=10), 1)
    assert boot_state.newest([newer, b"\0" * 512]) == (BootState(generation=10), 1)
    assert boot_state.newest([b"\0" * 512, b"\xff" * 512]) == (BootState(), 0)


def disk(path: Path) -> Path:
    with path.open("wb") as opened:
        opened.truncate(4 * 1024 * 1024)
    return path


def test_a_write_cut_at_any_byte_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    file = disk(tmp_path / "disk")
    opened = boot_state.Disk(str(file))
    opened.write(NEW)
    opened.write(NEW.first("B"))
    before = file.read_bytes()
    opened.write(NEW.first("B").good("B"))
    after = file.read_bytes()
    opened.close()
    changed = [place for place in boot_state.COPIES if before[place : place + 512] != after[place : place + 512]]
    assert len(changed) == 1
    seen = set()
    for length in range(513):
        torn = bytearray(before)
        torn[changed[0] : changed[0] + length] = after[changed[0] : changed[0] + length]
        copies = [bytes(torn[place : place + 512]) for place in boot_state.COPIES]
        state, _ = boot_state.newest(copies)
        seen.add((state.generation, state.primary, state.last_good))
    assert seen == {(2, "B", "A"), (3, "B", "B")}


def test_the_way_of_an_update() -> None:
    assert NEW.primary == "A"
    tried = NEW.bad("B").first("B")
    assert (tried.primary, tried.last_good) == ("B", "A")
    spent = tried.with_attempts("B", 0)
    assert spent.primary == "A"
    assert (tried.good("B").primary, tried.good("B").last_good) == ("B", "B")


@given(states)
def test_there_is_always_a_slot_to_start(state: object) -> None:
    assert state.with_attempts("A", 0).with_attempts("B", 0).primary in boot_state.SLOTS  # type: ignore[attr-defined]


@pytest.mark.parametrize("words", [*itertools.permutations(["get-state", "A", "C"], 2), ("set-state", "A", "fine"), ()])
def test_unknown_words_change_nothing(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if words == ("get-state", "A"):
        return
    file = disk(tmp_path / "disk")
    (tmp_path / "named").write_text(str(file))
    monkeypatch.setattr(boot_state, "DISK_FILE", str(tmp_path / "named"))
    before = file.read_bytes()
    assert boot_state.main(list(words)) == 2
    assert "boot-state" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_rauc_asks_and_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = disk(tmp_path / "disk")
    (tmp_path / "named").write_text(str(file))
    monkeypatch.setattr(boot_state, "DISK_FILE", str(tmp_path / "named"))
    for words in (
        "set-state A good",
        "set-state B bad",
        "set-primary B",
        "get-primary",
        "get-state B",
        "fail B",
        "get-state B",
    ):
        assert boot_state.main(words.split()) == 0
    assert capsys.readouterr().out.split() == ["B", "good", "bad"]
