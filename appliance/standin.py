"""What stands on the device's address while it cannot start: why not, and what to do. systemd starts it anew after."""

from __future__ import annotations

import asyncio
import sys
from html import escape
from typing import Final

from aiohttp import web

from appliance.serving import serve
from appliance.version import VERSION
from foundation.settings import Listen
from foundation.web.problems import json_answer
from gateway.host.systemd import Notifier
from protocol.problems import Problem

SHOWN_SECONDS: Final = 45.0
"""Then the daemon ends, and systemd starts it anew: what kept it may be mended."""
_SLACK: Final = 15.0
REASON: Final = "cannot_start"
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="20"><meta name="color-scheme" content="light dark"><title>Hutch cannot start</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1.5rem}</style></head>
<body><h1>This device cannot start</h1><p>%s</p>
<p>It tries again by itself. Until then, work on it over ssh or with a screen and a keyboard:
<code>hutch doctor</code> looks for the fault, <code>hutch restore</code> brings back a backup.</p></body></html>
"""


async def show(problem: Problem, listen: Listen, seconds: float = SHOWN_SECONDS) -> None:
    """Say on the device's address why it does not start, for a while.

    Raises Problem when nothing can be shown there.
    """

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/health":
            shown = {"status": "unhealthy", "version": VERSION, "reasons": [REASON]}
            return web.json_response(shown, status=503)
        if request.path.startswith("/api/"):
            return json_answer(problem)
        return web.Response(text=_PAGE % escape(problem.message), status=503, content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    Notifier().needs(seconds + _SLACK)
    async with serve(app, listen) as addresses:
        sys.stderr.write(f"hutch: {problem.message} ({problem.code}) Told at {addresses[0]} for now.\n")
        sys.stderr.flush()
        await asyncio.sleep(seconds)
