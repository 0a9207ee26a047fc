"""A device that was taken over, behind the hub in a real browser: its page gets at nothing of the hub's.

The same attempts succeed from a page of the hub itself, so they are real ones.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.async_api import Browser, BrowserContext, Page

from hub.tunnel.keys import HubKey
from tests.doubles.evil_device import ATTEMPTS, EvilDevice, running_evil
from tests.doubles.small_hub import COOKIE, SmallHub, running_hub


@dataclass
class Scene:
    hub: SmallHub
    evil: EvilDevice
    context: BrowserContext
    page: Page

    def asked(self) -> set[str]:
        """What was asked of the hub itself since the last call."""
        asked = set(self.hub.asked)
        self.hub.asked.clear()
        return asked


@pytest.fixture
async def scene(browser: Browser, tmp_path: Path) -> AsyncIterator[Scene]:
    key = HubKey(Ed25519PrivateKey.generate())
    async with (
        running_hub("hub.example.org", key, time.time) as hub,
        running_evil(hub, tmp_path / "evil.sock", "evil") as evil,
    ):
        hub.people.add("ann")
        context = await browser.new_context()
        await context.add_cookies(
            [{"name": COOKIE, "value": "ann", "url": hub.url, "httpOnly": True, "sameSite": "Strict"}]
        )
        await context.add_init_script(
            "window.violated = [];"
            "document.addEventListener('securitypolicyviolation', (e) => window.violated.push(e.effectiveDirective));"
        )
        yield Scene(hub, evil, context, await context.new_page())
        await context.close()


async def test_the_attempts_are_real(scene: Scene) -> None:
    await scene.page.goto(f"{scene.hub.url}/")
    await scene.page.evaluate(ATTEMPTS)
    results = await scene.page.evaluate("tryAll(['fetch', 'xhr', 'popup'])")
    assert all("of the hub" in result for result in results.values()), results
    await scene.page.evaluate("tryAll(['beacon', 'image', 'prefetch', 'link'])")
    assert scene.asked() == {"/", "/api/secret"}
    assert await scene.page.evaluate("trySocket('/api/socket')") == "refused"
    assert "/api/socket" in scene.asked(), "the handshake got as far as the handler"


async def test_none_gets_through_the_fence(scene: Scene) -> None:
    answer = await scene.page.goto(f"{scene.hub.url}/devices/evil/")
    assert answer is not None
    assert answer.status == 200
    results = await scene.page.evaluate("tryAll()")
    assert len(results) > 20
    await scene.page.wait_for_function("window.violated.includes('form-action')")
    leaked = {name: result for name, result in results.items() if "of the hub" in result}
    assert leaked == {}
    assert scene.asked() == set(), "nothing was even asked of the hub"
    assert await scene.page.evaluate("trySocket('/api/socket')") == "refused"
    assert scene.asked() == set()
    assert results["cookie"] == ""
    assert results["popup"] in ("no window", "refused: Error: nothing came")
    workers = [path for _, path, _ in scene.evil.seen if path == "/worker.js"]
    assert workers == [], "no worker's script was fetched"


async def test_its_cookies_and_headers_do_not_arrive(scene: Scene) -> None:
    answer = await scene.page.goto(f"{scene.hub.url}/devices/evil/")
    assert answer is not None
    [cookie] = await scene.context.cookies()
    assert (cookie["name"], cookie["value"]) == (COOKIE, "ann")
    names = set(await answer.all_headers())
    assert not names & {
        "set-cookie",
        "clear-site-data",
        "service-worker-allowed",
        "access-control-allow-origin",
        "strict-transport-security",
        "alt-svc",
        "refresh",
        "link",
        "report-to",
    }
    for _, _, headers in scene.evil.seen:
        assert "Cookie" not in headers
        assert "ann" not in {name: value for name, value in headers.items() if name != "X-Hutch-Assertion"}.values()


async def test_whoever_opens_it_is_out_of_its_reach(scene: Scene) -> None:
    await scene.page.goto(f"{scene.hub.url}/")
    async with scene.page.expect_popup() as popup:
        await scene.page.evaluate("window.open('/devices/evil/', 'evil')")
    opened = await popup.value
    await opened.wait_for_function("window.tryAll !== undefined")
    assert await opened.evaluate("window.opener === null")


async def test_its_redirects_stay_inside(scene: Scene) -> None:
    for where in (
        "/",
        "/api/secret",
        "//evil.example.org/",
        "/devices/other/",
        "/devices/evil/%2e%2e/%2e%2e/api/secret",
    ):
        answer = await scene.page.request.get(f"{scene.hub.url}/devices/evil/redirect?to={where}", max_redirects=0)
        assert answer.status == 502, where
    answer = await scene.page.request.get(f"{scene.hub.url}/devices/evil/redirect?to=/devices/evil/x", max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, "/devices/evil/x")
    assert scene.asked() == set()
