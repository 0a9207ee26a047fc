"""The pages as an application: a worker that shows what the device tells, and opens the page it is about."""

from __future__ import annotations

import json

from playwright.async_api import expect

from tests.browser.visitor import Visitors

_REGISTER = """async () => {
  const registration = await navigator.serviceWorker.register('/service-worker.js', { scope: '/' });
  await navigator.serviceWorker.ready;
  return registration.scope;
}"""
_SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  for (;;) {
    const shown = await registration.getNotifications();
    if (shown.length > 0) return shown.map((one) => [one.title, one.body, one.data.url]);
    // Not by frames: a browser without a screen does not always draw any, and this page has nothing new to show.
    await new Promise((done) => setTimeout(done, 20));
  }
}"""


async def test_a_push_message_becomes_a_notification(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await anna.context.grant_permissions(["notifications"], origin=anna.url)
    session = await anna.context.new_cdp_session(anna.page)
    registrations: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(one["registrationId"] for one in event["registrations"]),
    )
    await session.send("ServiceWorker.enable")
    assert await anna.page.evaluate(_REGISTER) == f"{anna.url}/"
    said = {"title": "Blog waits for you", "body": "make publish", "path": "/files", "tag": "x", "kind": "waits"}
    await session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": anna.url, "registrationId": registrations[-1], "data": json.dumps(said)},
    )
    assert await anna.page.evaluate(_SHOWN) == [["Blog waits for you", "make publish", f"{anna.url}/files"]]


async def test_the_button_is_there_where_browsers_take_push_messages(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await anna.go("/settings/notifications")
    # Loopback counts as safe for browsers, so the button is offered here.
    await expect(anna.page.get_by_role("button", name="Tell this browser")).to_be_visible()
    await expect(anna.page.locator("link[rel=manifest]")).to_have_attribute("href", "/manifest.webmanifest")
