"""Claude Code.

Hooks come by ``--settings``, so nothing is written into a person's own settings; only the answers to the dialogs of a
first start stand in ``~/.claude.json``, where the program keeps them itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.agents.acp import Quirks
from gateway.agents.cli import Adapter, AgentCli, LoginWay, Merge, Place, Start, Talk, Ways
from gateway.agents.hook_program import command_for
from gateway.agents.pins import PINS
from gateway.agents.signs import Sign, about, text_of
from gateway.conversations.types import Permission
from gateway.sessions.types import SessionStatus

_NAME = "claude-code"
_EVENTS = (
    *("SessionStart", "UserPromptSubmit", "PermissionRequest", "Notification", "Elicitation"),
    *("PostToolUse", "PostToolUseFailure", "Stop", "StopFailure"),
)
_RESTS = ("SessionStart", "Stop", "StopFailure")
_SPINNERS = ("⠂", "⠐", "⠁", "⠈", "⠠", "⠄", "·", "✢", "✶", "✻", "✽")
_MODES = {Permission.ASK: "default", Permission.EDITS: "acceptEdits", Permission.ALL: "bypassPermissions"}
_QUIET = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}


class _Claude(Ways):
    login = LoginWay(
        arguments=("auth", "login"),
        hosts=("claude.ai", "claude.com", "anthropic.com"),
        credentials=(".claude/.credentials.json",),
    )
    keys = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
    quirks = Quirks(drop_empty_chunks=True)

    def terminal(self, place: Place, arguments: tuple[str, ...], *, hooks: bool) -> Start:
        settings = ("--settings", json.dumps({"hooks": _hooks()})) if hooks else ()
        return Start((str(place.program), *arguments, *settings))

    def conversation(self, place: Place, permission: Permission, model: str | None) -> Talk | None:
        if place.adapter is None:
            return None
        # It starts the program this names; the copy that its own package would bring is not installed.
        environment = {**_QUIET, "CLAUDE_CODE_EXECUTABLE": str(place.program)}
        environment |= {"ANTHROPIC_MODEL": model} if model else {}
        # A session that is loaded goes on with the model that it last had, unless another is asked for.
        start = Start((str(place.adapter),), environment)
        own = place.variables.get("ANTHROPIC_MODEL", "default")
        return Talk(start, modes=_MODES, model_option="model", own_model=own)

    def merges(self, place: Place) -> tuple[Merge, ...]:
        key = place.variables.get("ANTHROPIC_API_KEY", "")
        # The program asks once for each key whether to use it and keeps its last characters as the answer.
        known = {"customApiKeyResponses.approved": (key[-20:],)} if key else {}
        folder = place.variables.get("CLAUDE_CONFIG_DIR")
        return (
            Merge(
                f"{folder}/.claude.json" if folder else ".claude.json",
                absent={"theme": "dark"},
                # It writes false here by itself before it asks.
                set={
                    "hasCompletedOnboarding": True,
                    "projects": {str(place.folder): {"hasTrustDialogAccepted": True}},
                },
                append=known,
            ),
        )

    def hook(self, event: str, data: Mapping[str, object]) -> Sign | None:
        if event in _RESTS:
            return Sign(SessionStatus.IDLE)
        match event:
            case "UserPromptSubmit":
                return Sign(SessionStatus.WORKING)
            case "PostToolUse" | "PostToolUseFailure":
                return Sign(SessionStatus.WORKING, _tool(data), passing=True)
            case "PermissionRequest" | "Elicitation":
                return Sign(SessionStatus.WAITING, _tool(data) or text_of(data, "message"))
            case "Notification":
                return _notified(data)
        return None

    def title(self, title: str) -> Sign | None:
        # Its star says nothing: at the pinned version it stands there while the program works, too.
        return Sign(SessionStatus.WORKING, passing=True) if title.startswith(_SPINNERS) else None


def _tool(data: Mapping[str, object]) -> str | None:
    return about(data.get("tool_name"), data.get("tool_input"))


def _notified(data: Mapping[str, object]) -> Sign | None:
    message = text_of(data, "message") or ""
    kind = str(data.get("notification_type", ""))
    if kind == "permission_prompt" or "permission" in message.lower():
        return Sign(SessionStatus.WAITING, message, passing=True)
    # It waits for the next message of a person, as always after an answer.
    return None


def _hooks() -> dict[str, object]:
    return {
        event: [{"hooks": [{"type": "command", "command": command_for(_NAME, event), "timeout": 5}]}]
        for event in _EVENTS
    }


CLAUDE_CODE = AgentCli(
    name=_NAME,
    title="Claude Code",
    binary="claude",
    package=PINS[_NAME].package,
    version=PINS[_NAME].version,
    disk_mb=460,
    # The package says 22; the program is native and needs Node for its installation alone.
    node_major=18,
    # Its own default is a mode that decides by itself; people expect to be asked.
    arguments=("--permission-mode", "default"),
    environment={"DISABLE_AUTOUPDATER": "1"},
    as_root={"IS_SANDBOX": "1"},
    setup=("node", "install.cjs"),
    adapter=Adapter(PINS["claude-code-acp"], "claude-agent-acp"),
    ways=_Claude(),
)
