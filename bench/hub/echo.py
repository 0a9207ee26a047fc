"""From a key to its echo: through a hub and a real device, and at the device itself, turn by turn in one run."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from bench.hub.processes import Found
from protocol.frames import BinaryFrame, FrameKind
from tests.device_process import DeviceProcess
from tests.integration.hub_days.town import Json, Town, town

_WITHIN: Final = 10.0
_PAUSE: Final = 0.01
"""Seconds between two keys: a quick typist's hands are never faster."""


class Screen:
    """A terminal that types one letter at a time into a program that only echoes."""

    def __init__(self, socket: ClientWebSocketResponse, session_id: str) -> None:
        self._socket = socket
        self._session_id = session_id

    async def settle(self) -> None:
        """Start the program, and wait for what it says first."""
        await self._type(b"stty -icanon; echo re''ady; exec cat >/dev/null\r")
        await self._until(b"ready")

    async def key(self, letter: bytes) -> float:
        """Milliseconds from the key to its echo."""
        start = time.perf_counter()
        await self._type(letter)
        await self._until(letter)
        return (time.perf_counter() - start) * 1000

    async def _type(self, data: bytes) -> None:
        await self._socket.send_bytes(BinaryFrame(FrameKind.INPUT, self._session_id, 0, data).encode())

    async def _until(self, text: bytes) -> None:
        seen = b""
        async with asyncio.timeout(_WITHIN):
            while text not in seen:
                message = await self._socket.receive()
                if message.type is WSMsgType.BINARY:
                    seen += BinaryFrame.decode(message.data).payload
                elif message.type is not WSMsgType.TEXT:
                    raise RuntimeError(f"the terminal ended: {message}")


def echo(_kind: str, seconds: float) -> Found:
    """Both, a key here and a key there, for so long."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_echo(Path(folder), seconds))


async def _echo(folder: Path, seconds: float) -> Found:
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(town(folder / "hub"))
        device, device_id = await stack.enter_async_context(made.device(folder / "device"))
        token = await _claimed(made.http, device)
        far, near = [await made.session(device_id, name) for name in ("far", "near")]
        through = f"{made.url}/api/devices/{device_id}/sessions/{far}/terminal"
        screens = [
            await stack.enter_async_context(_screen(made.http, through, made.token, far)),
            await stack.enter_async_context(
                _screen(made.http, f"{device.url}/api/sessions/{near}/terminal", token, near)
            ),
        ]
        took = await _take_turns(screens, seconds)
        await _end(made, device_id, far, near)
    (p50, p99), (direct, direct_p99) = [_quantiles(one) for one in took]
    return {"p50": p50, "p99": p99, "direct": direct, "direct_p99": direct_p99, "over": p50 - direct}


async def _take_turns(screens: list[Screen], seconds: float) -> list[list[float]]:
    took: list[list[float]] = [[] for _ in screens]
    end = time.monotonic() + seconds
    letters = b"abcdefghijklmnopqrstuvwxyz"
    while time.monotonic() < end:
        for one, found in zip(screens, took, strict=True):
            letter = letters[len(found) % 26]
            found.append(await one.key(bytes([letter])))
            await asyncio.sleep(_PAUSE)
    return took


async def _claimed(http: ClientSession, device: DeviceProcess) -> str:
    body: Json = {"code": device.setup_code, "username": "ada", "password": "correct horse battery"}
    async with http.post(f"{device.url}/api/setup", json=body) as answer:
        return str((await answer.json())["access_token"])


@asynccontextmanager
async def _screen(http: ClientSession, url: str, token: str, session_id: str) -> AsyncIterator[Screen]:
    async with http.ws_connect(url, headers={"Authorization": f"Bearer {token}"}) as socket:
        made = Screen(socket, session_id)
        await made.settle()
        yield made


async def _end(made: Town, device_id: str, *session_ids: str) -> None:
    for session_id in session_ids:
        await made.ask("DELETE", f"/api/devices/{device_id}/sessions/{session_id}")


def _quantiles(found: list[float]) -> tuple[float, float]:
    found.sort()
    return found[len(found) // 2], found[len(found) * 99 // 100]
