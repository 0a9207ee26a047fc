"""The hub this device is linked to."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body
from webui.api.models.hub import HubAnswer, HubPolicy, HubSettings
from webui.context import device_of
from webui.hub_changes import credentials, refuse_the_hub


async def show_hub(request: web.Request) -> web.Response:
    """The state of the link; the token is never answered."""
    return _shown(request)


async def link_hub(request: web.Request) -> web.Response:
    """Link this device to a hub. The link comes up in its own time; its state comes as events."""
    refuse_the_hub(request)
    body = await parse_body(request, HubSettings)
    note(request).target = body.url.partition("?")[0]
    await device_of(request).hub_link.configure(credentials(body.url, body.token))
    return _shown(request)


async def unlink_hub(request: web.Request) -> web.Response:
    """Forget the hub and its token."""
    refuse_the_hub(request)
    await device_of(request).hub_link.configure(None)
    return nothing()


async def change_policy(request: web.Request) -> web.Response:
    """Say what the hub may do. The device enforces it, and tells the hub."""
    refuse_the_hub(request)
    body = await parse_body(request, HubPolicy)
    note(request).target = " ".join(sorted(body.allows)) or "health"
    await device_of(request).hub_link.allow(body.allows)
    return _shown(request)


async def rotate_key(request: web.Request) -> web.Response:
    """Change the key this device shows to its hub. The hub is told now, or when the link is up again."""
    refuse_the_hub(request)
    await device_of(request).hub_link.rotate_key()
    return _shown(request)


def _shown(request: web.Request) -> web.Response:
    device = device_of(request)
    return answer(HubAnswer.of(device.hub_link.status, device.visitors))
