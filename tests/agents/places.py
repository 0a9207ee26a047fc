"""A place for one test: a home and a folder that nobody else has, and the scripted model as the only provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.agents.acp import AcpLaunch
from gateway.agents.installer import Agents
from gateway.agents.registry import CATALOG
from gateway.conversations.types import Permission
from tests.doubles.model_server import ModelServer, Turns

CLIS = tuple(CATALOG)
KEY = "sk-not-a-key-of-anybody-0123456789"
_CLOSED = "http://127.0.0.1:9"
"""Nobody listens on the discard port: what does not go to the scripted model goes nowhere."""
NOWHERE: Mapping[str, str] = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), _CLOSED),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    # It tries ten times otherwise, for minutes.
    "CLAUDE_CODE_MAX_RETRIES": "1",
}


def endpoint(cli: str, url: str) -> dict[str, str]:
    """The variables that lead a CLI to the scripted model, as a worker's environment has them."""
    match cli:
        case "claude-code":
            own = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
        case "gemini":
            own = {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": KEY}
        case _:
            own = {"OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": KEY, "OPENAI_MODEL": "hutch-test"}
    return {**NOWHERE, **own}


@dataclass(frozen=True)
class Place:
    """Where one test works."""

    agents: Agents
    server: ModelServer
    script: Turns
    home: Path
    folder: Path
    errors: Path

    async def launch(self, cli: str, permission: Permission = Permission.ASK) -> AcpLaunch:
        """How Hutch starts this CLI here."""
        environment = endpoint(cli, self.server.url)
        return await self.agents.conversation(cli, folder=self.folder, permission=permission, environment=environment)


_CHAT = re.compile(r"session-(?P<minute>\d{4}-\d\d-\d\dT\d\d-\d\d)-(?P<rest>[0-9a-f]{8}\.jsonl)")
_MINUTE = "%Y-%m-%dT%H-%M"


def made_a_minute_earlier(home: Path) -> None:
    """Make Gemini's session files a minute older than they are.

    Their names have the minute and the session's id. One that is loaded in the minute in which it was made gets a new
    file of the same name, and with it an empty history: "No previous sessions found for this project".
    """
    for file in home.glob(".gemini/tmp/*/chats/session-*.jsonl"):
        found = _CHAT.fullmatch(file.name)
        assert found is not None
        earlier = datetime.strptime(found["minute"], _MINUTE) - timedelta(minutes=1)
        file.rename(file.with_name(f"session-{earlier.strftime(_MINUTE)}-{found['rest']}"))
