"""From a new device to the first session, as its owner does it."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.visitor import PASSWORD, Visitors, setup_code
from tests.device_process import DeviceProcess


async def test_setup_session_reload_and_login_again(visitors: Visitors, device: DeviceProcess) -> None:
    anna = await visitors.come()
    await anna.go("/")
    await anna.page.wait_for_url(re.compile("/setup$"))
    await anna.page.get_by_label("Setup code").fill("WRNG-CODE")
    await anna.page.get_by_label("Your name").fill("anna")
    await anna.page.get_by_label("Password").fill(PASSWORD)
    await anna.page.get_by_role("button", name="Make it mine").click()
    code = anna.page.get_by_label("Setup code")
    await expect(code).to_have_attribute("aria-invalid", "true")
    await expect(anna.page.get_by_label("Your name")).to_have_value("anna")
    await expect(anna.page.get_by_label("Password")).to_have_value("")
    await anna.set_up(await setup_code(device))
    await expect(anna.page.get_by_text("Nothing runs here yet")).to_be_visible()

    path = await anna.start_session("first")
    await anna.run("echo $((6*7))-answer")
    await anna.sees("42-answer")
    await anna.page.reload()
    await anna.is_live()
    await anna.sees("42-answer")

    await anna.go("/")
    await expect(anna.page.get_by_role("link", name="first")).to_have_attribute("href", path)
    await anna.page.get_by_label("Account and theme").click()
    await anna.page.get_by_role("button", name="Log out").click()
    await anna.page.wait_for_url(re.compile("/login"))
    await anna.go(path)
    await anna.page.wait_for_url(re.compile(r"/login\?next="))
    await anna.page.get_by_label("Name").fill("anna")
    await anna.page.get_by_label("Password").fill(PASSWORD)
    await anna.page.get_by_role("button", name="Log in").click()
    await anna.is_live()
    await anna.sees("42-answer")


async def test_the_list_follows_what_happens_and_sessions_are_ended_and_forgotten(visitors: Visitors) -> None:
    anna = await visitors.owner()
    watching = await visitors.come(like=anna)
    await watching.go("/")
    await anna.start_session("kitchen")
    await anna.run("echo busy")
    row = watching.page.get_by_role("listitem").filter(has_text="kitchen")
    await expect(row.locator("[data-status]")).to_have_text(re.compile("Idle|Working"))
    await watching.page.get_by_label("What to do with kitchen").click()
    await watching.page.get_by_role("button", name="Rename").click()
    await watching.page.get_by_role("dialog").get_by_label("Name").fill("garden")
    await watching.page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(watching.page.get_by_role("link", name="garden")).to_be_visible()
    await expect(anna.page.get_by_role("heading", name="garden")).to_be_visible()

    await watching.page.get_by_label("What to do with garden").click()
    await watching.page.get_by_role("button", name="End", exact=True).click()
    await watching.page.get_by_role("dialog").get_by_role("button", name="End it").click()
    await expect(watching.page.locator("[data-status=ended]")).to_be_visible()
    await expect(anna.page.get_by_text("This session is over")).to_be_visible()
    await watching.page.get_by_label("What to do with garden").click()
    await watching.page.get_by_role("button", name="Take off the list").click()
    await watching.page.get_by_role("dialog").get_by_role("button", name="Take it off").click()
    await expect(watching.page.get_by_text("Nothing runs here yet")).to_be_visible()


async def test_a_taken_name_is_said_beside_the_field(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await anna.start_session("twice")
    await anna.go("/sessions/new")
    await anna.page.get_by_label("Name", exact=True).fill("twice")
    await anna.page.get_by_role("button", name="Start", exact=True).click()
    await expect(anna.page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    await expect(anna.page.locator("#f-name-wrong")).to_be_visible()


async def test_the_theme_is_kept_and_pages_work_without_script(visitors: Visitors) -> None:
    anna = await visitors.owner()
    plain = await visitors.come(like=anna, scripts=False)
    await plain.go("/")
    await plain.page.get_by_label("Account and theme").click()
    await plain.page.get_by_role("button", name="Dark").click()
    await expect(plain.page.locator("html")).to_have_attribute("data-theme", "dark")
    await plain.page.get_by_role("link", name="New session").click()
    await plain.page.get_by_label("Name", exact=True).fill("plain")
    await plain.page.get_by_role("button", name="Start", exact=True).click()
    await expect(plain.page.get_by_role("heading", name="plain")).to_be_visible()
    await expect(plain.page.locator("html")).to_have_attribute("data-theme", "dark")
