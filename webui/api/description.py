"""``/api/openapi.json``: the description of the API."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

import webui
from protocol.problems import Problem, ProblemCode

_LOG = structlog.get_logger("webui.description")
_SECONDS: Final = 60.0


class Description:
    """The description of one version, made when somebody first asks for it."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._lock = asyncio.Lock()
        self._made: bytes | None = None

    async def json(self) -> bytes:
        """The description as JSON. Raises UNAVAILABLE when it cannot be made just now."""
        async with self._lock:
            if self._made is None:
                self._made = await asyncio.to_thread(_make, self._version)
            return self._made


DESCRIPTION: Final[web.AppKey[Description]] = web.AppKey("openapi_description", Description)


def _make(version: str) -> bytes:
    """Run :mod:`webui.describe` in an interpreter that has docstrings, whatever ours has."""
    try:
        return subprocess.run(
            [sys.executable, "-m", "webui.describe", version],
            cwd=Path(webui.__path__[0]).parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        _LOG.warning("description.not_made", reason=str(error))
        raise Problem(
            ProblemCode.UNAVAILABLE, "The description of the API could not be made. Try again in a moment."
        ) from error


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI 3.1 description of everything under ``/api``."""
    return web.Response(body=await request.app[DESCRIPTION].json(), content_type="application/json")
