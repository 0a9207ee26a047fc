"""A service that cannot start says why on the address where people look for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Of a device whose store is damaged, run as systemd runs it."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "hutch.db").write_bytes(b"no database " * 1000)
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", "run", "--data", str(data), "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "nobody")},
    )
    assert process.stderr is not None
    try:
        said = next(line for line in process.stderr if "Told at" in line)
        found = re.search(r"http://\S+", said)
        assert found is not None
        yield found[0]
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()


def refused(address: str) -> str:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address, timeout=10)
    with caught.value as answer:
        assert answer.code == 503
        return answer.read().decode()


def test_page_api_and_health_tell_what_is_wrong(address: str) -> None:
    assert "The store is damaged" in refused(f"{address}/")
    assert "The store is damaged" in refused(f"{address}/settings/updates")
    assert json.loads(refused(f"{address}/api/sessions"))["error"]["code"] == "unavailable"
    assert json.loads(refused(f"{address}/health"))["reasons"] == ["cannot_start"]
