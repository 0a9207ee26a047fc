"""The hub this device is linked to."""

from __future__ import annotations

from aiohttp import web
from pydantic import SecretStr, ValidationError

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body
from protocol.problems import Problem, ProblemCode
from provisioning.hub_credentials import HubCredentials
from webui.api.models.device import HubAnswer, HubSettings
from webui.context import Device, device_of


async def show_hub(request: web.Request) -> web.Response:
    """The state of the link; the token is never answered."""
    return answer(_shown(device_of(request)))


async def link_hub(request: web.Request) -> web.Response:
    """Link this device to a hub. The link comes up in its own time; its state comes as events."""
    body = await parse_body(request, HubSettings)
    note(request).target = body.url.partition("?")[0]
    try:
        credentials = HubCredentials(url=body.url, token=SecretStr(body.token.get_secret_value()))
    except ValidationError as error:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"This is not the address of a hub: {error.errors(include_input=False)[0]['msg']}. "
            "Give one such as wss://hub.example.org.",
        ) from None
    await device_of(request).hub_link.configure(credentials)
    return answer(HubAnswer(state="connecting", url=credentials.url, since=None, last_error=None))


async def unlink_hub(request: web.Request) -> web.Response:
    """Forget the hub and its token."""
    await device_of(request).hub_link.configure(None)
    return nothing()


def _shown(device: Device) -> HubAnswer:
    status = device.hub_link.status
    return HubAnswer(state=status.state, url=status.url, since=status.since, last_error=status.last_error)
