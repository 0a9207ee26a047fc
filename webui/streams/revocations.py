"""Tells the streams and sockets that are open of logins that end."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from foundation.web.streams.live import LIVE
from webui.context import DEVICE


async def revocations_context(app: web.Application) -> AsyncIterator[None]:
    """A cleanup context: hears of logins that end for as long as the application runs."""
    unsubscribe = app[DEVICE].accounts.on_revoked(app[LIVE].revoked)
    yield
    unsubscribe()
