"""Gemini CLI.

Its hooks are an extension of ours, so that a person's settings need none; what keeps it from asking first goes into
those settings where they say nothing, because it takes a system's defaults from root alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from gateway.agents.acp import Quirks
from gateway.agents.cli import AgentCli, LoginWay, Merge, OwnFile, Place, Start, Talk, Ways
from gateway.agents.hook_program import HOOK_PROGRAM, command_for
from gateway.agents.pins import PINS
from gateway.agents.signs import Sign, about, text_of
from gateway.conversations.types import Permission
from gateway.sessions.types import SessionStatus

_NAME = "gemini"
_EVENTS = ("SessionStart", "BeforeAgent", "AfterTool", "AfterAgent", "Notification")
_MODES = {Permission.ASK: "default", Permission.EDITS: "autoEdit", Permission.ALL: "yolo"}
_HOOK_MS = 5000
_MODEL = "gemini-2.5-pro"
"""Named, because by itself it asks a second model at each turn which one to use."""
_EXTENSION = ".gemini/extensions/hutch"
_SETTINGS = ".gemini/settings.json"
_TRUST = {"GEMINI_CLI_TRUST_WORKSPACE": "true"}
"""For this one start; its own question is answered for good."""


class _Gemini(Ways):
    # It has no command for it: without a login its first screen is the one that asks for it.
    login = LoginWay(
        arguments=(),
        hosts=("google.com",),
        credentials=(".gemini/oauth_creds.json",),
        environment={"NO_BROWSER": "true"},
    )
    keys = ("GEMINI_API_KEY",)
    quirks = Quirks(
        tool_call_from_permission=True,
        load_after_create_fails=True,
        names_sessions_by_minute=True,
        mode_changes_as_messages=True,
        usage_in_meta="quota",
    )

    def terminal(self, place: Place, arguments: tuple[str, ...], *, hooks: bool) -> Start:
        return Start((str(place.program), *arguments), _TRUST)

    def conversation(self, place: Place, permission: Permission, model: str | None) -> Talk | None:
        return Talk(Start((str(place.program), "--acp", "-m", model or _MODEL), _TRUST), modes=_MODES)

    def merges(self, place: Place) -> tuple[Merge, ...]:
        login = {"auth": {"selectedType": "gemini-api-key"}} if "GEMINI_API_KEY" in place.variables else {}
        return (
            Merge(
                _SETTINGS,
                absent={
                    "security": login,
                    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
                    "privacy": {"usageStatisticsEnabled": False},
                },
            ),
        )

    def files(self) -> tuple[OwnFile, ...]:
        manifest = {"name": "hutch", "version": "1.0.0", "description": "Tells Hutch what Gemini CLI does."}
        return (
            OwnFile(f"{_EXTENSION}/gemini-extension.json", json.dumps(manifest), at_home=True),
            OwnFile(f"{_EXTENSION}/hooks/hooks.json", json.dumps({"hooks": _hooks()}), at_home=True),
            replace(HOOK_PROGRAM, name=f"{_EXTENSION}/{HOOK_PROGRAM.name}", at_home=True),
        )

    def hook(self, event: str, data: Mapping[str, object]) -> Sign | None:
        match event:
            case "BeforeAgent":
                return Sign(SessionStatus.WORKING)
            case "AfterTool":
                return Sign(SessionStatus.WORKING, about(data.get("tool_name"), data.get("tool_input")), passing=True)
            case "Notification":
                return Sign(SessionStatus.WAITING, _asked(data))
            case "SessionStart":
                return Sign(SessionStatus.IDLE, passing=True)
            case "AfterAgent":
                return Sign(SessionStatus.IDLE)
        return None

    def title(self, title: str) -> Sign | None:
        words = title.lower()
        for mark, status in (
            ("action required", SessionStatus.WAITING),
            ("working", SessionStatus.WORKING),
            ("ready", SessionStatus.IDLE),
        ):
            if mark in words:
                return Sign(status, passing=True)
        return None


def _asked(data: Mapping[str, object]) -> str | None:
    details = data.get("details")
    what = text_of(details, "command", "filePath", "fileName", "title") if isinstance(details, dict) else None
    message = text_of(data, "message")
    return f"{message}: {what}" if message and what and what not in message else message or what


def _hooks() -> dict[str, object]:
    # The extension has a copy of the program, because a person may start the CLI without Hutch's PATH.
    return {
        event: [
            {
                "hooks": [
                    {
                        "type": "command",
                        # Shown for a moment whenever it runs.
                        "name": "Hutch",
                        "command": "${extensionPath}/" + command_for(_NAME, event),
                        "timeout": _HOOK_MS,
                    }
                ]
            }
        ]
        for event in _EVENTS
    }


GEMINI = AgentCli(
    name=_NAME,
    title="Gemini CLI",
    binary="gemini",
    package=PINS[_NAME].package,
    version=PINS[_NAME].version,
    disk_mb=100,
    node_major=20,
    environment={"GEMINI_CLI_NO_RELAUNCH": "true"},
    ways=_Gemini(),
)
