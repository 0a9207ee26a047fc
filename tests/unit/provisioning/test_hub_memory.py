from __future__ import annotations

import stat
from pathlib import Path

import pytest

from protocol.events import PERMISSIONS
from protocol.problems import Problem
from provisioning.hub_memory import HubMemory, HubMemoryFile


def test_everything_is_allowed_until_the_owner_says_otherwise(tmp_path: Path) -> None:
    file = HubMemoryFile(tmp_path / "memory.json")
    assert file.read() == HubMemory(allows=PERMISSIONS)
    memory = HubMemory(allows=("health",), url="wss://hub.example", hub_key=bytes(32), organisation="Home")
    file.write(memory)
    assert HubMemoryFile(tmp_path / "memory.json").read() == memory
    assert stat.S_IMODE((tmp_path / "memory.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"[]", b'{"allows": ["everything"]}', b'{"hub_key": "AAAA"}'])
def test_a_file_that_cannot_be_read_does_not_open_the_device(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "memory.json").write_bytes(content)
    with pytest.raises(Problem, match=r"memory\.json"):
        HubMemoryFile(tmp_path / "memory.json").read()
