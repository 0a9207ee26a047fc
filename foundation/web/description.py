"""``/api/openapi.json``: the description of an API, made in a process of its own.

The description is made of docstrings, which a daemon may run without; and what making it takes is given back. See
docs/decisions/0013-memory.md.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

import foundation
from foundation.web.addresses import url
from protocol.problems import Problem, ProblemCode

_LOG = structlog.get_logger("web.description")
_SECONDS: Final = 60.0


class Description:
    """The description of one version, made when somebody first asks for it."""

    def __init__(self, module: str, version: str) -> None:
        """``module`` prints it when run with the version (:func:`foundation.web.openapi.print_description`)."""
        self._module = module
        self._version = version
        self._lock = asyncio.Lock()
        self._made: bytes | None = None

    async def json(self) -> bytes:
        """The description as JSON. Raises UNAVAILABLE when it cannot be made just now."""
        async with self._lock:
            if self._made is None:
                self._made = await asyncio.to_thread(_make, self._module, self._version)
            return self._made


DESCRIPTION: Final[web.AppKey[Description]] = web.AppKey("openapi_description", Description)


def _make(module: str, version: str) -> bytes:
    """Run ``module`` in an interpreter that has docstrings, whatever ours has."""
    try:
        return subprocess.run(
            [sys.executable, "-m", module, version],
            cwd=Path(foundation.__path__[0]).parent,
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
    made = await request.app[DESCRIPTION].json()
    root = url(request, "/")
    if root != "/":
        made = await asyncio.to_thread(_moved, made, root)
    return web.Response(body=made, content_type="application/json")


def _moved(description: bytes, root: str) -> bytes:
    """The same API, for somebody who reaches it below ``root``."""
    return json.dumps({**json.loads(description), "servers": [{"url": root}]}, separators=(",", ":")).encode()
