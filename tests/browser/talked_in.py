"""A device on which people have talked to agents: conversations in every state, for pictures and for axe."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.visitor import Visitor

_ANSWER = (
    "say The first frost came on **Tuesday**. I wrote it down and checked the links:\\n\\n"
    "| day | low | note |\\n|---|---:|---|\\n| Mon | 3.1 °C | clear |\\n| Tue | -0.4 °C | frost |\\n\\n"
    "1. `drafts/first-frost.md` is new\\n2. the front page links to it\\n\\n"
    "```sh\\nmake check\\n# 128 links, 41 pages\\n```\\n\\nShall I publish it?"
)
_TURN = f"""think The person wants a page about the frost. First look at what is there, then write.
plan Read the weather|Write the page|Check the links|Publish
tool execute in_progress make check
output completed All 42 checks passed.
edit first-frost.md # First frost
diff first-frost.md # The first frost
{_ANSWER}
usage 12840 962
context 13802 200000 0.0417"""


async def converse(anna: Visitor) -> str:
    """A worker and conversations that are done, wait, failed; the path of the one that waits."""
    worker = await anna.ask(
        "POST",
        "/api/workers",
        {"name": "Gardener", "cli": "gemini", "folder": "blog", "environment": {"GARDEN_TOKEN": "secret-rake"}},
    )
    done = await _talk(anna, "Write about the first frost", worker["id"], _TURN)
    await _over(anna, done)
    failed = await _talk(anna, "Water the greenhouse", worker["id"], "crash 3 no water")
    await _over(anna, failed)
    waiting = await _talk(anna, "Publish the blog", worker["id"], f"{_TURN}\nask execute make publish")
    await anna.go(f"/conversations/{waiting}")
    await expect(anna.page.locator("[data-permission]")).to_be_visible()
    return f"/conversations/{waiting}"


async def _talk(anna: Visitor, title: str, worker: str, text: str) -> str:
    made = await anna.ask("POST", "/api/conversations", {"title": title, "worker": worker})
    await anna.ask("POST", f"/api/conversations/{made['id']}/messages", {"text": text})
    identifier: str = made["id"]
    return identifier


async def _over(anna: Visitor, conversation: str) -> None:
    await anna.go(f"/conversations/{conversation}")
    await expect(anna.page.locator("[data-chat]")).to_have_attribute("data-link", "live")
    await expect(anna.page.locator("[data-chat]:is([data-status=idle], [data-status=failed])")).to_have_count(1)
    await expect(anna.page.locator(".message.mine")).to_have_count(1)
