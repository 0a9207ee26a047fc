"""Requests and replies through nats-server, as its clients make them: one connection, many in flight."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

from tests.load.dialects import device_name

_REPLY = "reply.bench"


async def measure(port: int, seconds: float, in_flight: int, devices: int) -> dict[str, float]:
    """Round trips a second; each device answers what it is asked."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    writer.write(f'CONNECT {{"verbose":false}}\r\nSUB {_REPLY}.* 1\r\n'.encode())
    sent: dict[str, float] = {}
    latencies: list[float] = []
    number = 0

    def ask() -> None:
        nonlocal number
        number += 1
        sent[str(number)] = time.monotonic()
        writer.write(f"PUB cmd.{device_name(number % devices)} {_REPLY}.{number} 2\r\nhi\r\n".encode())

    start = time.monotonic()
    for _ in range(in_flight):
        ask()
    while time.monotonic() < start + seconds:
        line = await reader.readline()
        if line.startswith(b"MSG "):
            await reader.readline()
            name = line.split(b" ")[1].rpartition(b".")[2].decode()
            latencies.append((time.monotonic() - sent.pop(name)) * 1000)
            ask()
        elif line.startswith(b"PING"):
            writer.write(b"PONG\r\n")
    took = time.monotonic() - start
    writer.close()
    latencies.sort()
    p50, p99 = latencies[len(latencies) // 2], latencies[len(latencies) * 99 // 100]
    return {"per_second": len(latencies) / took, "p50": p50, "p99": p99}


if __name__ == "__main__":
    found = uvloop.run(measure(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
    sys.stdout.write(json.dumps(found) + "\n")
