"""An agent CLI on the device's PATH that does what its prompts say (:mod:`tests.doubles.acp_agent`)."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

from playwright.async_api import Locator, expect

from tests.browser.visitor import Visitor

ROOT = Path(__file__).parents[2]
_PROGRAM = """#!/bin/sh
export PYTHONPATH={root}
exec {python} -m tests.doubles.acp_agent --state {state}
"""


def agent_on_path(environ: dict[str, str], folder: Path) -> dict[str, str]:
    """The variables of a device that finds the scripted agent under the name of Gemini CLI."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    words = {"root": ROOT, "python": sys.executable, "state": folder / "agent"}
    program = programs / "gemini"
    program.write_text(_PROGRAM.format(**{name: shlex.quote(str(word)) for name, word in words.items()}))
    program.chmod(0o755)
    return {**environ, "PATH": f"{programs}:{os.environ['PATH']}"}


class Talk:
    """A person in front of one conversation."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page

    @property
    def frame(self) -> Locator:
        """The page's outermost element, which says how things stand."""
        return self.page.locator("[data-chat]")

    @property
    def answers(self) -> Locator:
        """What the agent said, a message each."""
        return self.page.locator(".message.theirs")

    async def begin(self, folder: str, text: str = "") -> None:
        """From the first page to an open conversation with the agent."""
        await self.visitor.go("/")
        await self.page.get_by_role("link", name="New conversation").click()
        await self.page.get_by_role("radio", name="Gemini CLI").check()
        await self.page.get_by_label("Or a new folder").fill(folder)
        await self.page.get_by_label("What is to be done").fill(text)
        await self.page.get_by_role("button", name="Begin", exact=True).click()
        await self.page.wait_for_url(re.compile(r"/conversations/con_\w+$"))
        await self.is_live()

    async def is_live(self) -> None:
        """Wait until the stream has said how everything is."""
        await expect(self.frame).to_have_attribute("data-link", "live")

    async def say(self, text: str) -> None:
        """Write a message and press the button that sends it."""
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.page.get_by_role("button", name="Send").click()

    async def is_idle(self) -> None:
        """Wait until nothing runs."""
        await expect(self.frame).to_have_attribute("data-status", "idle")
