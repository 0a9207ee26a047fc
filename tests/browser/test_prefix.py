"""A device's pages as a hub shows them: below a prefix, and with no way out of it."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, expect

from gateway.accounts.types import Role
from tests.browser.conftest import MANIFEST
from tests.browser.visitor import PATIENCE, Visitor
from tests.doubles.prefix_proxy import PrefixProxy
from tests.integration.webui.rig import Rig, running_rig

PREFIX = "/devices/x"


def below(request: web.Request) -> str:
    del request
    return PREFIX


async def test_everything_alive_works_below_a_prefix(browser: Browser, tmp_path: Path) -> None:
    assert MANIFEST.is_file(), "build the pages first: npm ci && npm run build in webui/frontend"
    async with running_rig(tmp_path, prefix_of=below) as rig:
        server = rig.client.server
        proxy = PrefixProxy(PREFIX, str(server.host), server.port or 0)
        async with proxy.running() as url:
            context = await browser.new_context()
            context.set_default_timeout(PATIENCE)
            await context.add_init_script("localStorage.setItem('hutch.terminal.screen-reader', 'yes')")
            anna = Visitor(context, await context.new_page(), url)
            await anna.set_up(rig.setup_code)
            await _works_in_a_session(anna)
            await _sees_what_happens(anna, rig)
            await _moves_files(anna, tmp_path)
            await _logs_in_again_where_they_were(anna, rig)
            await context.close()
        assert proxy.strays == []
        assert anna.complaints == []


async def _works_in_a_session(anna: Visitor) -> None:
    await anna.start_session("first")
    await anna.run("echo $((6 * 7))0")
    await anna.sees("420")


async def _sees_what_happens(anna: Visitor, rig: Rig) -> None:
    await anna.go("/")
    page = anna.page
    await expect(page.get_by_role("link", name="first", exact=True)).to_be_visible()
    await rig.device.sessions.update(rig.device.sessions.list()[0].id, name="second", returns=None)
    await expect(page.get_by_role("link", name="second", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="People").click()
    await expect(page).to_have_url(f"{anna.url}/settings/people")
    await page.get_by_label("Account and theme").click()
    await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(page).to_have_url(f"{anna.url}/settings/people")


async def _moves_files(anna: Visitor, folder: Path) -> None:
    page = anna.page
    await anna.go("/files")
    small = folder / "small.txt"
    small.write_text("hello\n")
    await page.locator("[data-upload-input]").set_input_files([small])
    await expect(page.get_by_role("link", name="small.txt")).to_be_visible()
    await page.get_by_label("What to do with small.txt").click()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Deleted.")).to_be_visible()


async def _logs_in_again_where_they_were(anna: Visitor, rig: Rig) -> None:
    await anna.go("/files?path=")
    person = (await rig.device.accounts.people())[0]
    assert person.role is Role.ADMIN
    for token in await rig.device.accounts.tokens(person.id):
        await rig.device.accounts.revoke_token(token.id)
    await anna.page.wait_for_url(f"{anna.url}/login?next=**")
    await anna.page.get_by_label("Name").fill("anna")
    await anna.page.get_by_label("Password").fill("correct horse battery")
    await anna.page.get_by_role("button", name="Log in").click()
    await anna.page.wait_for_url(f"{anna.url}/files?path=")
