from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appliance.config import Settings
from appliance.layout import Layout
from appliance.lock import hold
from protocol.problems import Problem, ProblemCode


def test_folders_with_secrets_are_private(tmp_path: Path) -> None:
    layout = Layout.of(Settings(data=tmp_path / "data"))
    layout.prepare()
    for folder in (layout.data, layout.sockets, layout.session_state):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_long_data_path_still_gives_short_socket_paths(tmp_path: Path) -> None:
    layout = Layout.of(Settings(data=tmp_path / ("d" * 100)))
    assert len(str(layout.sockets / ("s" * 64))) < 100
    other = Layout.of(Settings(data=tmp_path / ("e" * 100)))
    assert layout.sockets != other.sockets


def test_a_socket_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(Problem) as caught:
        Layout.of(Settings(data=tmp_path / "data", sockets=tmp_path / "link")).prepare()
    assert caught.value.code is ProblemCode.PERMISSION_DENIED


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match="cannot be made"):
        Layout.of(Settings(data=tmp_path / "file" / "data")).prepare()


def test_only_one_daemon_holds_a_folder(tmp_path: Path) -> None:
    with hold(tmp_path / "lock"), pytest.raises(Problem) as caught, hold(tmp_path / "lock"):
        pass
    assert caught.value.code is ProblemCode.CONFLICT
    with hold(tmp_path / "lock"):
        pass
