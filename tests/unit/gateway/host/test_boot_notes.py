from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.host.boot_notes import read_boot_notes


def test_elsewhere_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert read_boot_notes(tmp_path / "none") == ()


def test_refused_settings_and_lost_data_are_told(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"problem": "user-data is not a text.", "files": []}))
    (tmp_path / "data-lost").write_text("The data partition could not be mounted.\n")
    notes = read_boot_notes(tmp_path)
    assert [note.reason for note in notes] == ["settings_refused", "data_lost"]
    assert notes[0].text.startswith("user-data is not a text. ")
    assert notes[1].text == "The data partition could not be mounted."


@pytest.mark.parametrize("text", ["", "{", "[]", '{"problem": null}', '{"problem": 3}', "\x00" * 40_000])
def test_settings_that_were_taken_over_and_garbage_are_no_note(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.json").write_text(text)
    assert read_boot_notes(tmp_path) == ()
