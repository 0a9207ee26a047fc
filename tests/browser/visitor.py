"""People in front of a browser: what they do on the pages, in the words they would use."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

PASSWORD = "correct horse battery"
PATIENCE = 20_000
"""Milliseconds a person waits for a page, on a machine that has other things to do."""
PHONE = (390, 844)
DESKTOP = (1280, 800)
_CALL = """async ([method, path, body]) => {
  const headers = {
    'Content-Type': 'application/json',
    'X-CSRF-Token': document.querySelector('meta[name="csrf-token"]').content,
  };
  const answer = await fetch(path, { method, headers, body: body === null ? undefined : JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? {} : await answer.json();
}"""
_SCREEN_READER = "localStorage.setItem('hutch.terminal.screen-reader', 'yes')"
# A page in which a refusal is wanted still logs it; the browser's drawing says things about itself.
_TELL_VIOLATIONS = """document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`policy: ${event.violatedDirective} refuses ${event.blockedURI} at ${event.sourceFile}`);
});"""
_EXPECTED = re.compile(r"status of 4\d\d|GL Driver Message|WebSocket connection to|net::ERR_")


class Served(Protocol):
    """Something with pages, in a process of its own: a device or a hub."""

    @property
    def url(self) -> str:
        """Where its pages are."""

    @property
    def data(self) -> Path:
        """Its data folder."""


class Visitor:
    """One person with one browser window."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _EXPECTED.search(message.text):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}".strip())

    async def go(self, path: str) -> None:
        """Open a page of the device."""
        await self.page.goto(f"{self.url}{path}")

    async def set_up(self, code: str, name: str = "anna") -> None:
        """Make the device mine."""
        await self.go("/")
        await self.page.get_by_label("Setup code").fill(code)
        await self.page.get_by_label("Your name").fill(name)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Make it mine").click()
        await self.page.wait_for_url(f"{self.url}/")

    async def log_in(self, name: str = "anna") -> None:
        """Log in with the page's form."""
        await self.go("/login")
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.wait_for_url(f"{self.url}/")

    async def start_session(self, name: str) -> str:
        """Start a shell from the first page; the path of its page."""
        await self.go("/")
        await self.page.get_by_role("link", name=re.compile("New session|Start the first one")).first.click()
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Name", exact=True).fill(name)
        await dialog.get_by_role("button", name="Start", exact=True).click()
        await self.page.wait_for_url(re.compile(r"/sessions/[0-9a-f]+$"))
        await self.is_live()
        return self.page.url.removeprefix(self.url)

    async def is_live(self) -> None:
        """Wait until the terminal is connected and shows what was on it."""
        await expect(self.frame).to_have_attribute("data-link", "live")
        await expect(self.frame).to_have_attribute("data-size", re.compile(r"\d+x\d+"))

    async def run(self, command: str) -> None:
        """Type a command into the terminal."""
        await self.page.keyboard.type(command)
        await self.page.keyboard.press("Enter")

    async def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until the terminal shows a text."""
        await expect(self.screen).to_contain_text(text)

    async def call(self, method: str, path: str, body: Mapping[str, object]) -> dict[str, str]:
        """Ask the device's API what this person may ask it; the page that is open lends its login."""
        answer: dict[str, str] = await self.page.evaluate(_CALL, [method, path, dict(body)])
        return answer

    async def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401
        """The same for answers of any form, and requests without a body."""
        return await self.page.evaluate(_CALL, [method, path, None if body is None else dict(body)])

    @property
    def frame(self) -> Locator:
        """The session page's outermost element, which says how things stand."""
        return self.page.locator("[data-session]")

    @property
    def screen(self) -> Locator:
        """The rows of the terminal, as a screen reader gets them."""
        return self.page.locator(".xterm-accessibility-tree")


class Visitors:
    """Opens windows, and in the end asks each whether its scripts complained."""

    def __init__(self, browser: Browser, device: Served) -> None:
        self._browser = browser
        self._device = device
        self._visitors: list[Visitor] = []

    async def come(
        self,
        size: tuple[int, int] = DESKTOP,
        scheme: Literal["light", "dark"] = "light",
        like: Visitor | None = None,
        *,
        scripts: bool = True,
    ) -> Visitor:
        """A person with a window of ``size``; with the logins of ``like`` when that is given."""
        context = await self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            has_touch=size[0] < 500,
            is_mobile=size[0] < 500,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            accept_downloads=True,
            storage_state=await like.context.storage_state() if like else None,
        )
        context.set_default_timeout(PATIENCE)
        await context.add_init_script(f"{_SCREEN_READER};{_TELL_VIOLATIONS}")
        visitor = Visitor(context, await context.new_page(), self._device.url)
        self._visitors.append(visitor)
        return visitor

    async def owner(self) -> Visitor:
        """The person who has set the device up."""
        visitor = await self.come()
        await visitor.set_up(await setup_code(self._device))
        return visitor

    async def leave(self) -> None:
        """Close every window. Fails when a script of the pages complained."""
        for visitor in self._visitors:
            await visitor.context.close()
        complaints = [each for visitor in self._visitors for each in visitor.complaints]
        assert not complaints, complaints


async def setup_code(device: Served) -> str:
    """The code a new device keeps beside its data; it is written just after the page is open."""
    file = device.data / "setup-code"

    def written() -> str:
        late = time.monotonic() + 10
        while not (file.is_file() and file.read_text().strip()):
            assert time.monotonic() < late, "the device has no setup code"
            threading.Event().wait(0.05)
        return file.read_text().strip()

    return await asyncio.to_thread(written)
