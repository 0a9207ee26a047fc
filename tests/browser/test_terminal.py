"""The terminal page: phones, several viewers, lost networks, a daemon that restarts."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.visitor import PASSWORD, PHONE, Visitor, Visitors
from tests.device_process import DeviceProcess


async def test_a_phone_has_the_keys_its_keyboard_lacks(visitors: Visitors) -> None:
    anna = await visitors.owner()
    path = await anna.start_session("phone")
    await anna.context.close()
    phone = await visitors.come(PHONE, like=None)
    await phone.log_in()
    await phone.go(path)
    await phone.is_live()
    keys = phone.page.get_by_role("toolbar", name="Keys")
    await expect(keys).to_be_visible()
    await phone.page.locator(".xterm-screen").tap()
    await phone.run("cat -v")
    await keys.get_by_role("button", name="Esc").tap()
    await keys.get_by_role("button", name="Up", exact=True).tap()
    await keys.get_by_role("button", name="Pipe").tap()
    await keys.get_by_role("button", name="Enter").tap()
    await phone.sees("^[^[[A|")
    ctrl = keys.get_by_role("button", name="Ctrl", exact=True)
    await ctrl.tap()
    await expect(ctrl).to_have_attribute("aria-pressed", "true")
    await phone.page.keyboard.type("c")
    await expect(ctrl).to_have_attribute("aria-pressed", "false")
    await phone.run("echo out-$((40+2))")
    await phone.sees("out-42")
    await expect(phone.frame).to_have_attribute("data-size", re.compile(r"^[2-6]\dx"))
    drawn = await phone.page.locator(".xterm-screen").bounding_box()
    assert drawn is not None
    assert 0.8 * PHONE[0] < drawn["width"] <= PHONE[0], "the phone in control gives the size, and its text fills it"
    overflow = await phone.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


async def _add_person(admin: Visitor, name: str, role: str) -> None:
    await admin.go("/settings/people")
    await admin.page.get_by_label("Name", exact=True).fill(name)
    await admin.page.get_by_label("First password").fill(PASSWORD)
    await admin.page.get_by_label("Role").select_option(role)
    await admin.page.get_by_role("button", name="Add", exact=True).click()
    await expect(admin.page.get_by_role("listitem").filter(has_text=name)).to_be_visible()


async def test_one_types_the_others_watch_and_take_over(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await _add_person(anna, "bert", "operator")
    await _add_person(anna, "carl", "viewer")
    path = await anna.start_session("shared")
    bert, carl = await visitors.come((1000, 600)), await visitors.come(PHONE)
    for visitor, name in ((bert, "bert"), (carl, "carl")):
        await visitor.log_in(name)
        await visitor.go(path)
        await visitor.is_live()

    await anna.page.locator(".xterm-screen").click()
    await anna.run("echo from-anna")
    await bert.sees("from-anna")
    await carl.sees("from-anna")
    await expect(anna.frame).to_have_attribute("data-control", "yours")
    await expect(bert.page.get_by_text("anna is typing.")).to_be_visible()
    await expect(carl.page.get_by_text("anna is typing. You are watching.")).to_be_visible()
    await expect(carl.page.get_by_role("button", name="Take over")).to_be_hidden()
    await expect(carl.page.get_by_role("toolbar", name="Keys")).to_have_count(0)
    size = await anna.frame.get_attribute("data-size")
    assert size is not None
    await expect(bert.frame).to_have_attribute("data-size", size)
    await expect(carl.frame).to_have_attribute("data-size", size)

    await bert.page.get_by_role("button", name="Take over").click()
    await expect(bert.frame).to_have_attribute("data-control", "yours")
    await expect(anna.page.get_by_text("bert is typing.")).to_be_visible()
    await bert.run("echo from-bert")
    await anna.sees("from-bert")
    await expect(bert.frame).not_to_have_attribute("data-size", size)
    size = await bert.frame.get_attribute("data-size")
    assert size is not None
    await expect(anna.frame).to_have_attribute("data-size", size)


async def test_it_comes_back_after_the_network_was_gone(visitors: Visitors) -> None:
    anna = await visitors.owner()
    path = await anna.start_session("network")
    other = await visitors.come(like=anna)
    await other.go(path)
    await other.is_live()
    await anna.context.set_offline(True)
    await expect(anna.page.get_by_text("Offline")).to_be_visible()
    await expect(anna.page.get_by_role("button", name="Reconnect now")).to_be_visible()
    await other.page.locator(".xterm-screen").click()
    await other.run("echo meanwhile-$((1+1))")
    await other.sees("meanwhile-2")
    await anna.context.set_offline(False)
    await anna.is_live()
    await anna.sees("meanwhile-2")
    await expect(anna.page.get_by_role("button", name="Reconnect now")).to_be_hidden()


async def test_it_comes_back_after_the_daemon_was_killed(visitors: Visitors, device: DeviceProcess) -> None:
    anna = await visitors.owner()
    await anna.start_session("crash")
    await anna.run("echo before-$((10+1)); sleep 1; echo during-$((20+2))")
    await anna.sees("before-11")
    device.kill()
    await expect(anna.page.get_by_text("Offline")).to_be_visible()
    device.start()
    await anna.is_live()
    await anna.sees("before-11")
    await anna.sees("during-22")
    await anna.run("echo after-$((30+3))")
    await anna.sees("after-33")


async def test_searching_pasting_and_full_screen_programs(visitors: Visitors) -> None:
    anna = await visitors.owner()
    await anna.start_session("search")
    await anna.run("seq 1000 1400")
    await anna.sees("1400")
    await anna.page.keyboard.press("Control+Shift+F")
    await anna.page.get_by_label("Search in the terminal").last.fill("1007")
    await expect(anna.page.locator("[data-find-count]")).to_have_text(re.compile("1 of 1"))
    await anna.page.keyboard.press("Escape")
    await expect(anna.page.get_by_label("Search in the terminal").last).to_be_hidden()

    lines = 3000
    await anna.run("stty -echo; wc -l")
    await anna.page.evaluate(
        """(lines) => {
             const data = new DataTransfer();
             data.setData('text/plain', 'a line of the paste\\n'.repeat(lines));
             document.querySelector('.xterm-helper-textarea')
               .dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
           }""",
        lines,
    )
    await anna.page.keyboard.press("Control+d")
    await anna.sees(str(lines))
    await anna.run("stty echo")

    await anna.run("printf '\\033[?1049h\\033[Hfull-%s' screen; read -r answer; printf '\\033[?1049l'")
    await anna.sees("full-screen")
    await expect(anna.screen).not_to_contain_text(str(lines))
    await anna.page.reload()
    await anna.is_live()
    await anna.sees("full-screen")
    await expect(anna.screen).not_to_contain_text(str(lines))
    await anna.run("")
    await anna.run("echo back-$((1+1))")
    await anna.sees("back-2")
    await anna.sees(str(lines))
