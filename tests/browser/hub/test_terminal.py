"""The terminal of a device on the hub's page: who types, and what happens to a session that writes too much."""

from __future__ import annotations

import json

from playwright.async_api import WebSocketRoute, expect

from tests.browser.hub.conftest import HubSite
from tests.browser.hub.lived_in import SHOWN, furnished
from tests.browser.visitor import Visitors

TERMINAL = f"/fleet/{SHOWN}/sessions/00000001"


async def test_one_types_and_the_other_may_take_over(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    async with furnished(anna, hub):
        other = await people.come(like=anna)
        await anna.go(TERMINAL)
        await anna.is_live()
        await anna.page.locator(".xterm-screen").click()
        await anna.page.keyboard.type("1")
        await expect(anna.frame).to_have_attribute("data-control", "yours")
        await other.go(TERMINAL)
        await other.is_live()
        await expect(other.page.get_by_text("You are typing in another window.")).to_be_visible()
        await other.page.get_by_role("button", name="Take over").click()
        await expect(other.frame).to_have_attribute("data-control", "yours")
        await expect(anna.frame).to_have_attribute("data-control", "theirs")
        await expect(anna.page.get_by_role("button", name="Take over")).to_be_visible()


async def test_a_session_that_writes_too_much_can_be_shown_again(people: Visitors, hub: HubSite) -> None:
    """The hub takes half a minute to lose its patience; here its word comes at once, over the real socket."""
    anna = await people.owner()
    sent: list[str] = []
    shown: list[str] = []
    sockets: list[WebSocketRoute] = []

    def on_socket(page_side: WebSocketRoute) -> None:
        hub_side = page_side.connect_to_server()
        sockets.append(page_side)

        def from_page(message: str | bytes) -> None:
            sent.append(str(message))
            hub_side.send(message)

        def from_hub(message: str | bytes) -> None:
            if isinstance(message, str) and json.loads(message)["type"] == "session.snapshot":
                shown.append(message)
            page_side.send(message)

        page_side.on_message(from_page)
        hub_side.on_message(from_hub)

    async with furnished(anna, hub):
        await anna.page.route_web_socket("**/terminal?*", on_socket)
        await anna.go(TERMINAL)
        await anna.is_live()
        said = {"type": "session.error", "code": "runaway_output", "error": "The session put out too much."}
        sockets[0].send(json.dumps(said))
        note = anna.page.get_by_role("alert").filter(has_text="It writes too much")
        await expect(note).to_be_visible()
        await note.get_by_role("button", name="Show it again").click()
        await expect(anna.frame).to_have_attribute("data-control", "yours")
        assert any("session.take_control" in message for message in sent)
        sockets[0].send(shown[0])
        await expect(note).to_be_hidden()
