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
from gateway.agents.registry import CATALOG
from gateway.conversations.service import ConversationService
from gateway.conversations.types import ConversationQuery, NewConversation
from gateway.programs.types import Programs
from protocol.problems import Problem, ProblemCode
from webui.context import Device
from webui.dialects.opencode.authority import OpenCodeAuthority
from webui.dialects.opencode.context import OpenCode
from webui.dialects.opencode.server import make_opencode_app

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


async def begin_desktop(conversations: ConversationService, agents: Agents, wanted: str | None) -> str:
    """Make the conversation that scripts talk to, where it is not there; the agent CLI that answers by default.

    That is the one ``wanted``, else the first that is installed, else the first of the table.
    """
    cli = wanted or await _first_installed(agents)
    if not await _has_desktop(conversations):
        await conversations.create(NewConversation(title=DESKTOP, cli=cli, origin="hutch"))
    return cli


async def _first_installed(agents: Agents) -> str:
    statuses = await agents.statuses()
    return next((status.agent for status in statuses if status.installed), statuses[0].agent)


async def _has_desktop(conversations: ConversationService) -> bool:
    for archived in (False, True):
        page = await conversations.list(ConversationQuery(text=DESKTOP, archived=archived, limit=200))
        if any(one.title == DESKTOP for one in page.items):
            return True
    return False


@asynccontextmanager
async def opencode_api(
    settings: Settings, device: Device, *, programs: Programs, default_cli: str
) -> AsyncIterator[None]:
    """Serve the API while inside. A port that is taken is told in the log: the device is well without this API.

    Raises:
        Problem: INVALID_REQUEST as :func:`password_of` says.
    """
    password, listen = password_of(settings), settings.opencode_listen
    async with AsyncExitStack() as stack:
        try:
            if listen is not None:
                app = _application(settings, device, password, programs=programs, default_cli=default_cli)
                addresses = await stack.enter_async_context(serve(app, listen, chosen_by="opencode_listen"))
                log.info("the OpenCode API is open", address=addresses[0])
        except Problem as problem:
            log.warning("the OpenCode API is not open", problem=problem.message, code=problem.code.value)
        yield


def _application(
    settings: Settings, device: Device, password: str | None, *, programs: Programs, default_cli: str
) -> web.Application:
    return make_opencode_app(
        OpenCode(
            conversations=device.conversations,
            sessions=device.sessions,
            workspace=device.workspace,
            attachments=device.attachments,
            programs=programs,
            chat=device.conversations.chat,
            version=device.version,
            clis={cli.name: cli.title for cli in CATALOG.values()},
            default_cli=default_cli,
            started_at=device.started_at,
        ),
        OpenCodeAuthority(device.accounts, device.audit, password),
        device=device.name,
        hosts=frozenset(settings.hosts),
        trusted_proxies=settings.trusted_proxies,
    )


def _is_loopback(listen: Listen) -> bool:
    try:
        return ip_address(listen.host).is_loopback
    except ValueError:
        return listen.host == "localhost"
