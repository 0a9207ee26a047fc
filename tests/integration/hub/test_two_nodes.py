"""Two ``hutch hub`` processes over one PostgreSQL and one NATS are one hub, and the death of one is not its end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_process import HubProcess, hub_process
from tests.integration.hub.owned import ask, owned
from tests.nats import NatsServer


@pytest.fixture
def nats_url(tmp_path: Path) -> Iterator[str]:
    server = NatsServer(tmp_path)
    asyncio.run(server.start())
    yield server.url
    asyncio.run(server.stop())


@pytest.fixture
def nodes(tmp_path: Path, postgresql_hub: str, nats_url: str) -> Iterator[tuple[HubProcess, HubProcess]]:
    """Both have the hub's one key file, as every node must."""
    environ = {
        "HUTCH_HUB_DATABASE_URL": postgresql_hub,
        "HUTCH_HUB_NATS_URL": nats_url,
        "HUTCH_HUB_KEY_FILE": str(tmp_path / "hub.key"),
    }
    with (
        hub_process(tmp_path / "one", environ=environ) as one,
        hub_process(tmp_path / "two", environ=environ) as two,
    ):
        yield one, two


def test_what_one_node_holds_the_other_reaches_until_it_dies(
    nodes: tuple[HubProcess, HubProcess], tmp_path: Path
) -> None:
    one, two = nodes
    # The device dials a name that both answer to; here that is the address of the first.
    with owned(one, tmp_path / "device", through=two) as far:
        ran = far.fleet("run", far.device_id, "--", "echo it is $((40 + 2)); exit 3")
        assert (ran.returncode, "it is 42" in ran.stdout) == (3, True), ran.stderr
        one.process.send_signal(signal.SIGKILL)
        one.process.wait()
        assert far.fleet("devices").returncode == 0
        refused = far.fleet("session", "new", far.device_id, "notes")
        assert refused.returncode == 1
        kept = ask(two.address, f"/api/devices/{far.device_id}/commands?queue=true", {"type": "agents.list"}, far.token)
        assert kept["state"] == "pending"
