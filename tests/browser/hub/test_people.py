"""People on the hub: invited by a link, shown only what their role may do, gone when it is taken away."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.hub.conftest import HubSite
from tests.browser.hub.lived_in import SHOWN, furnished
from tests.browser.visitor import PASSWORD, PHONE, Visitor, Visitors


async def invited(people: Visitors, anna: Visitor, name: str, role: str, where: str) -> Visitor:
    """Somebody who has opened the link that anna was shown, on a phone."""
    await anna.go("/settings")
    await anna.page.get_by_role("link", name="People").click()
    await anna.page.get_by_label("Name").fill(name)
    await anna.page.get_by_label("Role", exact=True).first.select_option(label=role)
    await anna.page.get_by_label("Where", exact=True).first.select_option(label=where)
    await anna.page.get_by_role("button", name="Make a link").click()
    link = await anna.page.locator("#secret").inner_text()
    guest = await people.come(PHONE)
    await guest.page.goto(link)
    await expect(guest.page.get_by_text("invites you to")).to_be_visible()
    assert "#" not in guest.page.url, "the secret stays in the address bar"
    await guest.page.get_by_label("Password").fill(PASSWORD)
    await guest.page.get_by_role("button", name="Join").click()
    await guest.page.wait_for_url(f"{guest.url}/")
    return guest


async def test_a_viewer_sees_no_button_they_may_not_press(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    async with furnished(anna, hub) as made:
        vera = await invited(people, anna, "vera", "Viewer", "Only Home")
        await expect(vera.page.get_by_role("link", name=SHOWN)).to_be_visible()
        await expect(vera.page.get_by_role("link", name="printer-1")).to_have_count(0)
        await expect(vera.page.get_by_role("link", name="Add a device")).to_have_count(0)
        await vera.page.get_by_role("link", name=SHOWN).tap()
        await expect(vera.page.get_by_role("heading", name=SHOWN)).to_be_visible()
        for button in ("New session", "Rename", "Revoke", "Change its key"):
            await expect(vera.page.get_by_role("button", name=button)).to_have_count(0)
        await vera.page.get_by_role("link", name="Open terminal field-gateway").tap()
        await vera.sees("Send garden-9 to the field?")
        await expect(vera.page.get_by_text("You are watching.")).to_be_visible()
        await expect(vera.page.get_by_role("toolbar", name="Keys")).to_have_count(0)
        await vera.go("/rollouts")
        await expect(vera.page.get_by_text("No rollout yet")).to_be_visible()
        for hidden in (f"/rollouts/{made['rollout']}", "/fleet/printer-1"):
            await vera.go(hidden)
            await expect(vera.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        await vera.go("/alerts")
        await expect(vera.page.get_by_text("The disk is 93 % full")).to_be_visible()
        await expect(vera.page.get_by_role("button", name="I take care")).to_have_count(0)
        await vera.go("/settings")
        await expect(vera.page.get_by_role("link", name="Audit log")).to_have_count(0)
        await vera.go("/claim")
        await expect(vera.page.get_by_text("you need the role operator")).to_be_visible()


async def test_an_operator_takes_care_and_everybody_sees_it(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    async with furnished(anna, hub):
        otto = await invited(people, anna, "otto", "Operator", "The whole organisation")
        await anna.go("/fleet/attic")
        await expect(anna.page.get_by_text("The disk is 93 % full").first).to_be_visible()
        await otto.go("/alerts")
        await otto.page.locator("li", has_text="attic").get_by_role("button", name="I take care").tap()
        await expect(otto.page.get_by_text("otto takes care")).to_be_visible()
        await expect(anna.page.get_by_text("otto takes care").first).to_be_visible()


async def test_a_role_that_is_taken_away_ends_what_was_open(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    async with furnished(anna, hub):
        otto = await invited(people, anna, "otto", "Operator", "Only Home")
        await otto.go(f"/fleet/{SHOWN}/sessions/00000001")
        await otto.is_live()
        await anna.go("/settings")
        await anna.page.get_by_role("link", name="People").click()
        await anna.page.get_by_label("What to do with otto").click()
        await anna.page.get_by_role("button", name="Take away: Home").click()
        await anna.page.get_by_role("dialog").get_by_role("button", name="Take it away").click()
        await expect(anna.page.get_by_text("The role is taken away.")).to_be_visible()
        # The terminal closes by itself, and there is nothing any more where it was.
        await expect(otto.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        await otto.go("/")
        await expect(otto.page.get_by_text("You belong to no group")).to_be_visible()


async def test_the_pages_work_without_scripts(people: Visitors, hub: HubSite) -> None:
    anna = await people.owner()
    plain = await people.come(like=anna, scripts=False)
    await plain.go("/claim")
    await plain.page.get_by_label("Claim code").fill("nonsense")
    await plain.page.get_by_role("button", name="Find it").click()
    await expect(plain.page.locator("#f-code-wrong")).to_contain_text("not a claim code")
    await plain.go("/enrolment")
    await plain.page.get_by_label("What it is for").fill("Twenty boxes")
    await plain.page.get_by_role("button", name="Make a token").click()
    await expect(plain.page.locator("#secret")).to_have_text(re.compile(r"^hutch_batch_\S{43}$"))
    await expect(plain.page.locator("#snippet")).to_contain_text(f'hub = "{hub.url}"')
