"""One's own password, a login that ends while a page is open, and addresses that lead elsewhere."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.visitor import PASSWORD, Visitor, Visitors

NEW = "a stapled battery horse"


async def _change(visitor: Visitor, old: str, new: str) -> None:
    await visitor.go("/settings/account")
    await visitor.page.get_by_label("The password so far").fill(old)
    await visitor.page.get_by_label("The new password").fill(new)
    await visitor.page.get_by_role("button", name="Change it").click()


async def test_people_change_their_own_password_and_their_other_logins_end(visitors: Visitors) -> None:
    anna = await visitors.owner()
    elsewhere = await visitors.come()
    await elsewhere.log_in()
    await elsewhere.go("/files?path=")
    await _change(anna, "not the password", NEW)
    await expect(anna.page.get_by_role("alert")).to_be_visible()
    await _change(anna, PASSWORD, NEW)
    await expect(anna.page.get_by_text("The password is changed.")).to_be_visible()
    await anna.page.reload()
    await expect(anna.page.get_by_role("heading", name="You", exact=True)).to_be_visible()

    await elsewhere.page.get_by_role("button", name="New folder").click()
    await elsewhere.page.get_by_role("dialog").get_by_label("Name").fill("late")
    await elsewhere.page.get_by_role("dialog").get_by_role("button", name="Make it").click()
    await elsewhere.page.wait_for_url(re.compile(r"/login\?next=/files"))
    await elsewhere.page.get_by_label("Name").fill("anna")
    await elsewhere.page.get_by_label("Password").fill(NEW)
    await elsewhere.page.get_by_role("button", name="Log in").click()
    await elsewhere.page.wait_for_url(re.compile("/files"))


async def test_a_page_whose_login_ends_leads_to_the_login_and_back(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await anna.go("/settings/agents")
    other = await visitors.come(like=anna)
    await other.go("/")
    await other.page.get_by_label("Account and theme").click()
    await other.page.get_by_role("button", name="Log out").click()
    await anna.page.wait_for_url(re.compile(r"/login\?next=%2Fsettings%2Fagents$"))
    await anna.page.get_by_label("Name").fill("anna")
    await anna.page.get_by_label("Password").fill(PASSWORD)
    await anna.page.get_by_role("button", name="Log in").click()
    await anna.page.wait_for_url(f"{anna.url}/settings/agents")


@pytest.mark.parametrize(
    "wanted", ["//evil.example/", "/%5Cevil.example", "https://evil.example/", "/%09/evil.example"]
)
async def test_a_login_leads_nowhere_else(visitors: Visitors, wanted: str) -> None:
    anna = await visitors.owner()
    await anna.go(f"/login?next={wanted}")
    await anna.page.wait_for_url(f"{anna.url}/")
    stranger = await visitors.come()
    await stranger.go(f"/login?next={wanted}")
    await stranger.page.get_by_label("Name").fill("anna")
    await stranger.page.get_by_label("Password").fill(PASSWORD)
    await stranger.page.get_by_role("button", name="Log in").click()
    await stranger.page.wait_for_url(f"{anna.url}/")
