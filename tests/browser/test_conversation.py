"""A whole conversation on a phone, and what a desktop adds to it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import expect

from tests.browser.conversing import Talk, agent_on_path
from tests.browser.looks import check
from tests.browser.visitor import PHONE, Visitors
from tests.device_process import DeviceProcess


def opened_earlier(store: Path) -> None:
    """Say that the sessions of agents were opened some minutes ago.

    The agent of these tests goes by the name of Gemini CLI, whose messages wait for the next minute otherwise.
    """
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE conversations SET acp_opened_at = '2026-01-01 00:00:00.000000'")


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return agent_on_path(environ, tmp_path / "cli")


async def test_a_conversation_on_a_phone_with_a_permission(visitors: Visitors) -> None:
    anna = await visitors.owner()
    phone = await visitors.come(PHONE, like=anna)
    talk = Talk(phone)
    await talk.begin("blog")

    await talk.say("say **Hello** from `here`\nthink about it\nplan Look|Write")
    answer = talk.answers.first
    await expect(answer.locator("strong")).to_have_text("Hello")
    await expect(answer.get_by_text("Thought")).to_be_visible()
    await expect(answer.locator(".plan-steps li")).to_have_count(2)
    await talk.is_idle()
    await expect(phone.page.locator("[data-aloud]")).to_contain_text("Agent:")

    await talk.say("ask execute rm -r drafts\nsay done")
    asks = phone.page.locator("[data-permission]")
    await expect(asks).to_contain_text("rm -r drafts")
    await expect(talk.frame).to_have_attribute("data-status", "waiting")
    allow = asks.get_by_role("button", name="Allow once")
    box = await allow.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= PHONE[1]
    # The first page of another window says it too, above everything else.
    await anna.go("/")
    await expect(anna.page.locator(".talks .asked").first).to_have_text("rm -r drafts")
    await allow.click()
    await expect(asks).to_have_count(0)
    await expect(talk.answers.nth(1)).to_contain_text("[yes]")
    await talk.is_idle()
    await expect(anna.page.locator(".talks .asked")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_an_agent_may_do_is_changed_on_a_phone(visitors: Visitors, scheme: Literal["light", "dark"]) -> None:
    anna = await visitors.owner()
    phone = await visitors.come(PHONE, scheme, like=anna)
    page, talk = phone.page, Talk(phone)
    await talk.begin("blog", "say Ready when you are.\\n\\nSay the word.\nusage 12840 962\ncontext 13802 200000 0.0417")
    await talk.is_idle()
    usage = talk.answers.first.locator(".usage")
    await expect(usage.locator("summary")).to_have_text("13k tokens in · 962 out · $0.0417 · context 7 %")
    await expect(usage.get_by_text("Tokens out")).to_be_hidden()
    await usage.locator("summary").click()
    await expect(usage.get_by_text("Tokens out")).to_be_visible()
    manner = page.locator(".chat-head [data-chat-manner]")
    await expect(manner.first).to_have_text("asks first")
    wrong = await check(page, f"chat-usage-{scheme}", {})

    # The agent of another window is in the middle of a question.
    other = Talk(await visitors.come(like=anna))
    await other.visitor.page.goto(page.url)
    await other.is_live()
    await other.say("ask execute make\nsay  done")
    await expect(page.locator("[data-permission]")).to_be_visible()
    await page.get_by_label("More").click()
    await page.get_by_role("button", name="Permission and model").click()
    dialog = page.get_by_role("dialog", name="Permission and model")
    await dialog.get_by_label("What it may do").select_option("all")
    await dialog.get_by_label("Model").fill("frost-2")
    box = await dialog.get_by_role("button", name="Save").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    wrong += await check(page, f"chat-manner-{scheme}", {})
    await dialog.get_by_role("button", name="Save").click()
    await talk.is_live()
    await expect(talk.answers.nth(1)).to_contain_text("[yes] done")
    await expect(page.locator("[data-permission]")).to_have_count(0)
    # Everybody who looks sees it without loading the page again.
    shown = other.visitor.page.locator(".chat-head [data-chat-manner]")
    await expect(shown.first).to_have_text("asks nothing · frost-2")
    await expect(other.visitor.page.locator("#manner-permission")).to_have_value("all")
    assert not wrong, "\n".join(wrong)


async def test_the_agent_wakes_while_somebody_writes(visitors: Visitors, device: DeviceProcess) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog")
    async with anna.page.expect_response(re.compile("/wake$")) as woken:
        await anna.page.get_by_label("Message", exact=True).press_sequentially("say")
    assert (await woken.value).status == 204
    await talk.say("say Here already.")
    await expect(talk.answers.first).to_contain_text("Here already.")


async def test_nothing_an_agent_says_becomes_html(visitors: Visitors) -> None:
    talk = Talk(await visitors.owner())
    await talk.begin("blog")
    await talk.say(
        "say <img src=x onerror=alert(1)> <b>bold</b> [bad](javascript:alert(1)) ![p](http://elsewhere.example/p.png)"
    )
    answer = talk.answers.first
    await expect(answer).to_contain_text("<b>bold</b>")
    await expect(answer.locator("b, img, script")).to_have_count(0)
    await expect(answer.locator("a[href^='javascript']")).to_have_count(0)
    await expect(answer.get_by_role("link", name="p", exact=True)).to_have_attribute(
        "href", "http://elsewhere.example/p.png"
    )


async def test_stop_and_try_again(visitors: Visitors) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog")
    await talk.say("say Waiting\nwait")
    await expect(talk.answers.first).to_contain_text("Waiting")
    await anna.page.get_by_role("button", name="Stop").click()
    await expect(anna.page.get_by_text("You stopped this turn.")).to_be_visible()
    await talk.is_idle()
    await talk.say("crash 3 out of luck")
    failed = anna.page.locator("[data-failed]")
    await expect(failed).to_be_visible()
    assert len(await failed.inner_text()) > 20
    await failed.get_by_role("button", name="Try again").click()
    await expect(anna.page.locator("[data-chat]")).to_have_attribute("data-status", re.compile("working|failed"))
    # Gemini CLI's sessions are loaded again in the minute after their first one.
    await expect(failed).to_be_visible(timeout=80_000)


async def test_a_flood_of_words_leaves_the_page_usable(visitors: Visitors) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog")
    await talk.say("flood 400\nsay  the end\nwait")
    await expect(talk.answers.first).to_contain_text("the end", timeout=60_000)
    await anna.page.get_by_role("button", name="Stop").click()
    await talk.is_idle()
    assert len(await talk.answers.locator(".md").inner_text()) >= 400 * 1024


async def test_the_page_follows_the_device_through_a_restart(visitors: Visitors, device: DeviceProcess) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog", "say before")
    await expect(talk.answers.first).to_contain_text("before")
    await talk.is_idle()
    device.stop()
    await expect(anna.page.get_by_text("No connection. Trying again…")).to_be_visible()
    await asyncio.to_thread(opened_earlier, device.data / "hutch.db")
    await anna.page.get_by_label("Message", exact=True).fill("say after")
    device.start()
    await talk.is_live()
    await anna.page.get_by_label("Message", exact=True).press("Enter")
    await expect(talk.answers.nth(1)).to_contain_text("after")


async def test_drafts_mentions_commands_and_files(visitors: Visitors, device: DeviceProcess, tmp_path: Path) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog", "commands review compact\nsay ready")
    await talk.is_idle()
    (device.data / "workspace" / "blog" / "first-frost.md").write_text("cold\n")
    field = anna.page.get_by_label("Message", exact=True)
    options = anna.page.get_by_role("option")

    await field.press_sequentially("/com")
    await expect(options).to_have_text([re.compile("/compact")])
    await field.press("Tab")
    await expect(field).to_have_value("/compact ")
    await field.fill("")
    await field.press_sequentially("Read @fros")
    await expect(options.first).to_contain_text("first-frost.md")
    await expect(field).to_have_attribute("aria-activedescendant", "suggestions-0")
    await field.press("Enter")
    await expect(field).to_have_value("Read @first-frost.md ")
    await field.press("Shift+Enter")

    await anna.page.reload()
    await talk.is_live()
    await expect(field).to_have_value("Read @first-frost.md \n")

    picture = tmp_path / "note.txt"
    picture.write_text("a note")
    await anna.page.locator("[data-attach-input]").set_input_files(picture)
    await expect(anna.page.locator("[data-attachments] li")).to_contain_text("note.txt")
    await expect(anna.page.get_by_role("button", name="Send")).to_be_enabled()
    await field.fill("blocks")
    await field.press("Enter")
    await expect(anna.page.locator(".message.mine").nth(1)).to_contain_text("note.txt")
    await expect(talk.answers.nth(1)).to_contain_text("resource")
    await expect(field).to_have_value("")


async def test_changes_are_shown_and_committed(visitors: Visitors, device: DeviceProcess) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog", "say hello")
    await talk.is_idle()
    await anna.page.get_by_label("More").click()
    await anna.page.locator(".menu-list").get_by_role("button", name="Terminal in its folder").click()
    await anna.is_live()
    await anna.run(
        "git init -q -b main . && git config user.email a@example.org && git config user.name A && echo ready-$((1+1))"
    )
    await anna.sees("ready-2")
    await anna.page.get_by_label("More").click()
    await anna.page.get_by_role("link", name="Conversations in this folder").click()
    await anna.page.locator(".talks .open").first.click()
    await talk.is_live()
    await talk.say("edit page.md fresh\ndiff page.md fresh")
    diff = talk.answers.nth(1)
    await expect(diff.locator("details.tool")).to_contain_text("Write page.md")
    await talk.is_idle()
    await diff.get_by_role("button", name="What changed").click()
    dialog = anna.page.get_by_role("dialog", name="What this turn changed")
    await expect(dialog).to_contain_text("page.md")
    await expect(dialog.locator("tr.added")).to_contain_text("fresh")
    await dialog.get_by_label("What the commit changes").fill("Begin the page")
    await dialog.get_by_role("button", name="Commit all").click()
    await expect(dialog.get_by_text(re.compile("Committed as [0-9a-f]{10}"))).to_be_visible()


async def test_search_finds_what_was_said(visitors: Visitors) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog", "say the marmalade is ready")
    await talk.is_idle()
    await anna.go("/conversations")
    await anna.page.get_by_label("Search in everything that was said").fill("marmalade")
    await anna.page.get_by_role("button", name="Search").click()
    await expect(anna.page.locator("mark").first).to_have_text("marmalade")
    await anna.page.locator(".hits .open").first.click()
    await talk.is_live()
    await expect(anna.page.locator(".message.wanted")).to_contain_text("marmalade")
    await anna.page.get_by_label("More").click()
    await anna.page.get_by_role("button", name="Archive").click()
    await expect(anna.page.get_by_text("Archived. It is still found")).to_be_visible()
    await expect(anna.page.get_by_role("main")).not_to_contain_text("marmalade")


async def test_a_browser_without_scripts_converses(visitors: Visitors) -> None:
    anna = await visitors.owner()
    talk = Talk(anna)
    await talk.begin("blog")
    plain = await visitors.come(like=anna, scripts=False)
    await plain.page.goto(anna.page.url)
    await plain.page.get_by_label("Message", exact=True).fill("ask execute make")
    await plain.page.get_by_role("button", name="Send").click()
    await expect(anna.page.locator("[data-permission]")).to_be_visible()
    await plain.page.reload()
    await plain.page.get_by_role("button", name="Reject").click()
    await talk.is_idle()
    await plain.page.reload()
    await expect(plain.page.locator(".message.theirs")).to_contain_text("[no]")
