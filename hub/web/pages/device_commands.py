"""The commands that were kept for a device: what waits for it, and what became of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from foundation.web.pages.rendering import PageView, render
from hub.nodes.commands.types import QueuedCommand
from hub.people.roles import Role
from hub.web.context import hub_of, identity_of
from hub.web.security.devices import DEVICE_ROW
from hub.web.security.scopes import Found, role_at

SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandsView(PageView):
    """The list, alone."""

    device_id: str
    commands: Sequence[QueuedCommand]
    operate: bool
    """Whether this person may take back what waits."""


async def commands_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/fleet/{device_id}/commands."""
    return render(request, "parts/device_commands.html", await commands_of(request))


async def commands_of(request: web.Request) -> CommandsView:
    """The newest commands of the device that the path names."""
    row, queue = request[DEVICE_ROW], hub_of(request).queue
    held = role_at(identity_of(request).grants, Found(row.organisation_id, row.group_id))
    return CommandsView(
        title="Queued commands",
        device_id=row.id,
        commands=await queue.listed(row.id, limit=SHOWN),
        operate=held is not None and held.may(Role.OPERATOR),
    )
