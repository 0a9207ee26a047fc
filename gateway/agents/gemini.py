"""Gemini CLI.

What we have to say goes into a file that the program reads as the system's defaults: whatever a person or a project
says stands above it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.agents.acp import Quirks
from gateway.agents.cli import AgentCli, LoginWay, OwnFile, Place, Start, Talk, Ways
from gateway.agents.hook_program import command_for
from gateway.agents.pins import PINS
from gateway.agents.signs import Sign, about, text_of
from gateway.conversations.types import Permission
from gateway.sessions.types import SessionStatus

_NAME = "gemini"
_EVENTS = ("SessionStart", "BeforeAgent", "AfterTool", "AfterAgent", "Notification")
_MODES = {Permission.ASK: "default", Permission.EDITS: "autoEdit", Permission.ALL: "yolo"}
_MODEL = "gemini-2.5-pro"
"""Named, because by itself it asks a second model at each turn which one to use."""
_DEFAULTS = "GEMINI_CLI_SYSTEM_DEFAULTS_PATH"
_KEY_FILE, _ACCOUNT_FILE, _TALK_FILE = "gemini-key.json", "gemini-account.json", "gemini-talk.json"


class _Gemini(Ways):
    # It has no command for it: without a login its first screen is the one that asks for it.
    login = LoginWay(
        arguments=(),
        hosts=("google.com",),
        credentials=(".gemini/oauth_creds.json",),
        environment={"NO_BROWSER": "true"},
    )
    keys = ("GEMINI_API_KEY",)
    quirks = Quirks(tool_call_from_permission=True, load_after_create_fails=True, usage_in_meta="quota")

    def terminal(self, place: Place, arguments: tuple[str, ...], *, hooks: bool) -> Start:
        file = _KEY_FILE if "GEMINI_API_KEY" in place.variables else _ACCOUNT_FILE
        environment = {_DEFAULTS: str(place.own / file)} if hooks else {}
        return Start((str(place.program), *arguments), environment)

    def conversation(self, place: Place, permission: Permission, model: str | None) -> Talk | None:
        command = (str(place.program), "--acp", "-m", model or _MODEL)
        return Talk(Start(command, {_DEFAULTS: str(place.own / _TALK_FILE)}), modes=_MODES)

    def files(self) -> tuple[OwnFile, ...]:
        return (
            OwnFile(_KEY_FILE, json.dumps(_settings("gemini-api-key", hooks=True))),
            OwnFile(_ACCOUNT_FILE, json.dumps(_settings("oauth-personal", hooks=True))),
            OwnFile(_TALK_FILE, json.dumps(_settings(None, hooks=False))),
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


def _settings(login: str | None, *, hooks: bool) -> dict[str, object]:
    settings: dict[str, object] = {
        "security": {"folderTrust": {"enabled": False}, **({"auth": {"selectedType": login}} if login else {})},
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "privacy": {"usageStatisticsEnabled": False},
        "ui": {"dynamicWindowTitle": True},
    }
    if hooks:
        settings["hooks"] = {
            event: [{"hooks": [{"type": "command", "command": command_for(_NAME, event), "timeout": 5000}]}]
            for event in _EVENTS
        }
        settings["hooksConfig"] = {"notifications": False}
    return settings


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
