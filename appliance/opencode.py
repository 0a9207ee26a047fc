"""The OpenCode API on a port of its own: where it listens, with which password, and the conversation it begins with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_address

import structlog
from aiohttp import web

from appliance.config import Settings
from appliance.serving import serve
from foundation.settings import Listen
from gateway.agents.installer import Agents
from gateway.conversations.service import ConversationService
from gateway.conversations.types import ConversationQuery, NewConversation
from protocol.problems import Problem, ProblemCode

DESKTOP = "desktop"
"""The title that the scripts of VibeOS look for."""
log = structlog.get_logger(__name__)


def password_of(settings: Settings) -> str | None:
    """The password of the OpenCode API, None for an open one.

    Raises:
        Problem: INVALID_REQUEST for one that everybody on the network could use without a password.
    """
    listen, password = settings.opencode_listen, settings.opencode_password
    if listen is not None and password is None and not _is_loopback(listen):
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"The OpenCode API would be open to everybody at {listen.authority}. "
            "Set opencode_password, or let opencode_listen be a loopback address. See docs/opencode.md.",
            {"setting": "opencode_password"},
        )
    return password.get_secret_value() if password else None


async def first_installed(agents: Agents) -> str:
    """The agent CLI that answers where none is named; the first of the table on a device that has none yet."""
    statuses = await agents.statuses()
    return next((status.agent for status in statuses if status.installed), statuses[0].agent)


async def ensure_desktop(conversations: ConversationService, cli: str) -> None:
    """Make the conversation that scripts talk to, once: a person who removes it from the list has not lost it."""
    for archived in (False, True):
        page = await conversations.list(ConversationQuery(text=DESKTOP, archived=archived, limit=200))
        if any(one.title == DESKTOP for one in page.items):
            return
    await conversations.create(NewConversation(title=DESKTOP, cli=cli, origin="hutch"))


@asynccontextmanager
async def serve_opencode(app: web.Application, listen: Listen) -> AsyncIterator[None]:
    """Serve the API while inside. A port that is taken is told in the log: the device is well without this API."""
    async with AsyncExitStack() as stack:
        try:
            addresses = await stack.enter_async_context(serve(app, listen))
            log.info("the OpenCode API is open", address=addresses[0])
        except Problem as problem:
            log.warning("the OpenCode API is not open", problem=problem.message, code=problem.code.value)
        yield


def _is_loopback(listen: Listen) -> bool:
    try:
        return ip_address(listen.host).is_loopback
    except ValueError:
        return listen.host == "localhost"
