from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.agents import inside


def merge(path: Path, **wanted: object) -> object:
    return inside.place({"merges": [{"path": str(path), **wanted}]})


def read(path: Path) -> object:
    return json.loads(path.read_text())


def test_settings_are_made_private_where_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    assert merge(path, absent={"a": {"b": 1}}, append={"known.keys": ["x"]}) == []
    assert read(path) == {"a": {"b": 1}, "known": {"keys": ["x"]}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light", "privacy": {"statistics": true}, "list": ["mine"], "security": "odd"}')
    path.chmod(0o644)
    absent = {"theme": "dark", "privacy": {"statistics": False, "other": 1}, "security": {"auth": 1}}
    merge(path, absent=absent, append={"list": ["ours", "mine"], "theme": ["no"], "privacy.statistics.x": ["no"]})
    assert read(path) == {
        "theme": "light",
        "privacy": {"statistics": True, "other": 1},
        "list": ["mine", "ours"],
        "security": "odd",
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_what_the_program_itself_answered_is_set(tmp_path: Path) -> None:
    path = tmp_path / ".claude.json"
    path.write_text('{"projects": {"/work": {"trusted": false, "history": [1]}, "/other": {"trusted": false}}}')
    merge(path, set={"projects": {"/work": {"trusted": True}}})
    assert read(path) == {"projects": {"/work": {"trusted": True, "history": [1]}, "/other": {"trusted": False}}}


def test_a_file_that_says_it_all_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"a":   1}')
    before = path.stat()
    merge(path, absent={"a": 2})
    assert path.read_text() == '{"a":   1}'
    assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize("content", ['{"a": 1, // a comment\n}', "[1]", "\x00\xff", '"text"'])
def test_what_cannot_be_read_is_left_alone_and_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    assert merge(path, absent={"b": 1}) == [str(path)]
    assert path.read_text() == content


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real, link = tmp_path / "dotfiles" / "settings.json", tmp_path / "settings.json"
    real.write_text("{}")
    link.symlink_to(real)
    merge(link, absent={"a": 1})
    assert link.is_symlink()
    assert read(real) == {"a": 1}


def test_beside_another_form_of_the_settings_none_are_made(tmp_path: Path) -> None:
    (tmp_path / "settings.jsonc").write_text("// mine")
    assert merge(tmp_path / "settings.json", absent={"a": 1}, unless=[str(tmp_path / "settings.jsonc")]) == []
    assert not (tmp_path / "settings.json").exists()


def test_our_own_files_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "bin" / "program"
    request = {"files": [{"path": str(path), "text": "#!/bin/sh\n", "executable": True}]}
    inside.place(request)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    before = path.stat().st_ino
    inside.place(request)
    assert path.stat().st_ino == before
    path.write_text("spoilt")
    inside.place(request)
    assert path.read_text() == "#!/bin/sh\n"


def test_logins_are_files_with_something_in_them(tmp_path: Path) -> None:
    (tmp_path / "full").write_text('{"token": "x"}')
    (tmp_path / "empty").write_text("{}\n")
    paths = [str(tmp_path / name) for name in ("full", "empty", "not-there")]
    assert inside.look({"paths": paths}) == [paths[0]]


def test_as_a_program_it_answers_in_one_line_and_says_what_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    request = {"verb": "begin", "prefix": str(tmp_path / "file" / "below"), "name": "x", "tree": "x-1"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", inside.__file__],
        input=json.dumps(request).encode(),
        capture_output=True,
        check=True,
        env={},
    )
    assert json.loads(done.stdout)["errno"] == 20
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""
