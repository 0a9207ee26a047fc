"""The ``hutch`` command's way to the running daemon: its REST API over a socket that only its owner can open."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from appliance.config import Settings
from appliance.layout import Layout
from protocol.problems import ErrorAnswer, Problem, ProblemCode

Answer = TypeVar("Answer", bound=BaseModel)

_SECONDS = 30


class Nothing(BaseModel):
    """The answer of a request that has none."""


def ask(
    settings: Settings,
    method: str,
    path: str,
    answer: type[Answer],
    body: Mapping[str, JsonValue] | None = None,
) -> Answer:
    """Send one request to the daemon and read its answer.

    Raises:
        Problem: what the daemon answered, or UNAVAILABLE when it does not run.
    """
    return asyncio.run(_ask(Layout.of(settings).console, method, path, answer, body))


async def _ask(
    socket: Path, method: str, path: str, answer: type[Answer], body: Mapping[str, JsonValue] | None
) -> Answer:
    # Loaded here: "hutch run" imports this module and asks nobody.
    import aiohttp

    connector = aiohttp.UnixConnector(path=str(socket))
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:
        try:
            async with client.request(method, f"http://localhost{path}", json=body) as response:
                return _read(response.status, await response.read(), answer)
        except (aiohttp.ClientConnectionError, TimeoutError, PermissionError):
            raise Problem(
                ProblemCode.UNAVAILABLE,
                f"No device answers at {socket}. Start it with “hutch run”, or give its folder with --data.",
            ) from None


def _read(status: int, body: bytes, answer: type[Answer]) -> Answer:
    try:
        if status < 400:
            return answer.model_validate_json(body or b"{}")
        error = ErrorAnswer.model_validate_json(body).error
    except ValidationError:
        raise Problem(
            ProblemCode.INTERNAL, f"The device answered {status} in a form this command does not know. Update both."
        ) from None
    raise Problem(error.code, error.message, error.details)
