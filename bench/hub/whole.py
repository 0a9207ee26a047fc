"""The whole ``hutch hub`` under load: its database, login, gate and audit log are part of what is measured."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from aiohttp import ClientSession, TCPConnector

from bench.hub.processes import Found, Server
from foundation.accounts.secrets import digest_of
from foundation.store.database import Store
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.devices import devices
from tests.hub_process import hub_process
from tests.load.dialects import BEARER, HOST, SESSION, TOKEN_VARIABLE, device_name

GROUP: Final = 1
TOKENS: Final = 8
"""Logins that watch: each may have 64 terminals."""
_OWNER: Final = {"username": "ada", "password": "correct horse battery"}


@contextmanager
def whole_hub(count: int) -> Iterator[Server]:
    """A hub on SQLite that somebody owns, with ``count`` devices that do not run yet."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "hub"
        # The simulated devices all dial one name.
        with hub_process(data, environ={"HUTCH_HUB_HOSTS": HOST, "HUTCH_HUB_LOG_LEVEL": "info"}) as process:
            tokens = asyncio.run(_set_up(process.address, process.setup_code))
            asyncio.run(_register(f"sqlite:///{data / 'hub.db'}", count))
            os.environ[TOKEN_VARIABLE] = ",".join(tokens)
            try:
                yield Server("whole", urlsplit(process.address).port or 0, process.process.pid, None, tokens[0])
            finally:
                del os.environ[TOKEN_VARIABLE]


async def _set_up(url: str, code: str | None) -> list[str]:
    """Tokens of the first person. Raises ClientResponseError."""
    async with ClientSession(url, raise_for_status=True) as http:
        async with http.post("/api/setup", json={"code": code, **_OWNER}) as answer:
            login = str((await answer.json())["access_token"])
        found = []
        for number in range(TOKENS):
            headers = {"Authorization": f"Bearer {login}"}
            async with http.post("/api/tokens", json={"label": f"bench {number}"}, headers=headers) as answer:
                found.append(str((await answer.json())["secret"]))
        return found


async def _register(url: str, count: int) -> None:
    """As the hub's own list of gateways would have them; by hand it is a request for each."""
    rows = [
        {
            "id": device_name(number),
            "organisation_id": 1,
            "group_id": GROUP,
            "name": device_name(number),
            "bearer_digest": digest_of(BEARER),
            "state": "active",
            "created_at": datetime.now(UTC),
            "claimed_by": "bench",
        }
        for number in range(count)
    ]
    store = await Store.open(url, HUB_SCHEMA)
    try:
        async with store.begin() as connection:
            await connection.execute(sa.insert(devices), rows)
    finally:
        await store.close()


def ask_by_request(server: Server, seconds: float, in_flight: int, count: int) -> Found:
    """Commands as people and programs send them, over REST, so many at a time."""
    return asyncio.run(_ask_by_request(server, seconds, in_flight, count))


async def _ask_by_request(server: Server, seconds: float, in_flight: int, count: int) -> Found:
    end, latencies = time.monotonic() + seconds, list[float]()
    body = {"type": "session.resize", "session_id": SESSION, "cols": 80, "rows": 24}
    headers = {"Authorization": f"Bearer {server.token}"}

    async def one(http: ClientSession, number: int) -> None:
        while (start := time.monotonic()) < end:
            path = f"/api/devices/{device_name(number % count)}/commands"
            async with http.post(f"http://127.0.0.1:{server.port}{path}", json=body, headers=headers) as response:
                if response.status != 200:
                    raise RuntimeError(f"a command was answered with {response.status}: {await response.text()}")
            latencies.append((time.monotonic() - start) * 1000)
            number += in_flight

    async with ClientSession(connector=TCPConnector(limit=0)) as http:
        await asyncio.gather(*(one(http, number) for number in range(in_flight)))
    latencies.sort()
    p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
    return {"per_second": len(latencies) / seconds, "p50": p50, "p99": p99}
