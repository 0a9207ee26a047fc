from __future__ import annotations

import os
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from appliance.lean import keeps_bytecode, lean_command


@pytest.mark.parametrize(
    "command",
    [["python", "/opt/hutch/bin/hutch", "run"], ["/usr/bin/python3", "-I", "-m", "appliance.cli.main", "run"]],
)
def test_the_same_command_is_started_with_flags_before_its_own(command: list[str]) -> None:
    flags = ["-OO", "-X", "no_debug_ranges"]
    assert lean_command("/opt/python", command) == ["/opt/python", *flags, *command[1:]]


def test_bytecode_is_kept_where_it_can_be_written_or_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    module = tmp_path / "package" / "module.py"
    assert keeps_bytecode(module)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not keeps_bytecode(module)
    cached = Path(cache_from_source(str(module), optimization=2))
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert keeps_bytecode(module)
