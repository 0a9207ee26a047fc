"""The hub on the settings page and in the REST API, against a scripted control plane."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from html import unescape

import pytest

from gateway.accounts.types import Role
from protocol.events import PERMISSIONS
from provisioning.device_key import DeviceKeyFile
from tests.doubles.control_plane import ControlPlane
from tests.doubles.control_plane.keys import CLAIM_URL, CODE
from tests.integration.webui.rig import Answered, Rig


@pytest.fixture
async def plane() -> AsyncIterator[ControlPlane]:
    async with ControlPlane() as plane:
        yield plane


async def submit(rig: Rig, path: str, **fields: str) -> Answered:
    """Send a form of the page as an admin's browser does."""
    form = {**fields, "csrf_token": rig.identities[Role.ADMIN].csrf}
    return await rig.call("POST", path, role=None, headers=rig.cookie(csrf=False), data=form)


async def page(rig: Rig, path: str = "/settings/hub") -> str:
    """A page as an admin's browser gets it."""
    got = await rig.call("GET", path, role=None, headers=rig.cookie())
    assert got.status == 200, got.body
    return unescape(got.body.decode())


async def until(rig: Rig, done: Callable[[], bool]) -> None:
    """Wait for the link; every change of it is published."""
    async with asyncio.timeout(10), rig.device.bus.subscribe() as events:
        while not done():
            await anext(events)


async def claim(rig: Rig, plane: ControlPlane) -> None:
    """Join, and let a person claim the device."""
    link = rig.device.hub_link
    await until(rig, lambda: link.status.claim is not None)
    keys = await asyncio.to_thread(DeviceKeyFile(rig.root / "device-key.json").ensure)
    plane.desk.claim(keys.device_id, keys.current.public)
    await until(rig, lambda: link.status.state == "online")


async def test_a_hub_is_joined_with_its_address_alone_and_the_page_shows_the_code(
    rig: Rig, plane: ControlPlane
) -> None:
    assert (await submit(rig, "/settings/hub", url=plane.url, token="")).status == 303
    link = rig.device.hub_link
    await until(rig, lambda: link.status.claim is not None)
    for shown in (await page(rig), await page(rig, "/parts/hub-link")):
        assert CODE in shown
        assert CLAIM_URL in shown
        assert str(link.status.fingerprint) in shown
        assert re.search(r"<svg[^>]*viewBox", shown)
        assert "style=" not in shown
    answered = (await rig.call("GET", "/api/hub")).json
    assert answered["state"] == "unclaimed"
    assert answered["claim"]["code"] == CODE
    assert answered["has_key"]
    for role in (Role.OPERATOR, Role.VIEWER):
        chip = await rig.call("GET", "/parts/hub", role=role)
        assert b"Waiting to be claimed" in chip.body
        assert CODE.encode() not in chip.body
        assert (await rig.call("GET", "/parts/hub-link", role=role)).status == 403
    await claim(rig, plane)
    assert CODE not in await page(rig)
    assert "Home" in await page(rig)


@pytest.mark.parametrize(
    ("form", "allows"),
    [
        ({"what": "all"}, list(PERMISSIONS)),
        ({"what": "health", "terminals": "true"}, ["health"]),
        ({"what": "custom", "terminals": "true", "files": "true"}, ["health", "terminals", "files"]),
    ],
    ids=["all", "health", "custom"],
)
async def test_the_owner_says_on_the_page_what_the_hub_may_do(
    rig: Rig, plane: ControlPlane, form: dict[str, str], allows: list[str]
) -> None:
    await submit(rig, "/settings/hub", url=plane.url)
    await claim(rig, plane)
    assert (await submit(rig, "/settings/hub/policy", **form)).status == 303
    policy = await plane.links[-1].event("gateway.policy")
    assert policy["allows"] == allows
    assert (await rig.call("GET", "/api/hub")).json["allows"] == allows
    shown = await page(rig)
    checked = re.findall(r'name="(\w+)" value="\w+" id="[\w-]+"[^>]* checked', shown)
    assert set(checked) == {"what", *allows} - {"health"}
    record = (await rig.device.audit.entries(limit=1))[0]
    assert (record.action, record.result) == ("hub.policy", "ok")


async def test_a_form_that_says_nothing_about_the_policy_changes_nothing(rig: Rig) -> None:
    assert (await submit(rig, "/settings/hub/policy", what="everything")).status == 400
    assert rig.device.hub_link.status.allows == PERMISSIONS


async def test_the_policy_and_the_key_over_rest(rig: Rig, plane: ControlPlane) -> None:
    joined = await rig.call("PUT", "/api/hub", json={"url": plane.url})
    assert (joined.status, joined.json["state"], joined.json["claim"]) == (200, "connecting", None)
    await claim(rig, plane)
    changed = await rig.call("PUT", "/api/hub/policy", json={"allows": ["agents"]})
    assert changed.json["allows"] == ["health", "agents"]
    assert (await rig.call("PUT", "/api/hub/policy", json={"allows": ["teleport"]})).code == "invalid_request"
    assert (await rig.call("PUT", "/api/hub/policy", json={"allows": []}, role=Role.OPERATOR)).code == "forbidden"
    assert (await rig.call("POST", "/api/hub/rotate-key")).status == 200
    assert await plane.links[-1].event("key.rotated")
    assert (await submit(rig, "/settings/hub/rotate")).status == 303


async def test_a_device_without_a_key_at_its_hub_has_none_to_change(rig: Rig) -> None:
    assert (await rig.call("POST", "/api/hub/rotate-key")).code == "conflict"
    assert (await submit(rig, "/settings/hub/rotate")).status == 409


async def test_an_address_of_no_hub_is_said_beside_its_field_and_a_token_is_not_shown_again(rig: Rig) -> None:
    refused = await submit(rig, "/settings/hub", url="gopher://x", token="hub-secret")
    assert refused.status == 400
    assert b"not the address of a hub" in refused.body
    assert b"hub-secret" not in refused.body
    assert b"not the token" in (await submit(rig, "/settings/hub", url="wss://hub.example", token="a b")).body


async def test_a_hub_with_another_key_is_told_on_the_page(rig: Rig, plane: ControlPlane) -> None:
    await submit(rig, "/settings/hub", url=plane.url)
    await claim(rig, plane)
    assert "another key" not in await page(rig)
    plane.desk.hub_key = bytes(32)
    await plane.desk.welcome(plane.links[-1])
    await until(rig, lambda: rig.device.hub_link.status.hub_changed)
    assert "another key" in await page(rig)
    assert (await submit(rig, "/settings/hub/remove")).status == 303
    await until(rig, lambda: rig.device.hub_link.status.state == "off")
    assert not rig.device.hub_link.status.hub_changed
