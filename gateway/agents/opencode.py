"""opencode.

A plugin of ours tells what it does; it and an address given by variables stand in ``OPENCODE_CONFIG_CONTENT``, so that
no file of a person is needed for them. The rule to ask before it acts goes into its settings where they say nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.agents.acp import Quirks
from gateway.agents.cli import AgentCli, LoginWay, Merge, OwnFile, Place, Start, Talk, Ways
from gateway.agents.opencode_plugin import PLUGIN
from gateway.agents.pins import PINS
from gateway.agents.signs import Sign, text_of
from gateway.conversations.types import Permission
from gateway.sessions.types import SessionStatus

_NAME = "opencode"
_ASKS: Mapping[str, object] = {"edit": "ask", "bash": "ask"}
_PERMISSIONS: Mapping[Permission, Mapping[str, object]] = {
    Permission.ASK: _ASKS,
    Permission.EDITS: {"edit": "allow", "bash": "ask"},
    Permission.ALL: {"edit": "allow", "bash": "allow", "webfetch": "allow", "external_directory": "allow"},
}
_SETTINGS = ".config/opencode/opencode.json"
_QUIET = {"OPENCODE_DISABLE_AUTOUPDATE": "1"}

_PATIENCE = {"NPM_CONFIG_FETCH_RETRY_MINTIMEOUT": "200", "NPM_CONFIG_FETCH_RETRY_MAXTIMEOUT": "1000"}
"""Milliseconds between npm's tries. Before it loads a plugin, opencode brings a package into its settings' folder and
shows nothing until that is done or given up, which without a network took more than a minute."""


class _Opencode(Ways):
    login = LoginWay(
        arguments=("auth", "login"),
        hosts=(),
        credentials=(".local/share/opencode/auth.json",),
        code=r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b",
    )
    keys = (
        *("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"),
        *("OPENROUTER_API_KEY", "OPENCODE_API_KEY"),
    )
    quirks = Quirks(writes_files=True)

    def terminal(self, place: Place, arguments: tuple[str, ...], *, hooks: bool) -> Start:
        content = _provider(place.variables, None)
        if hooks:
            content["plugin"] = [(place.own / PLUGIN.name).as_uri()]
        return Start((str(place.program), *arguments), {**_content(content), **(_PATIENCE if hooks else {})})

    def conversation(self, place: Place, permission: Permission, model: str | None) -> Talk | None:
        content = _provider(place.variables, model)
        if model is not None and "model" not in content:
            content["model"] = model
        environment = {**_QUIET, **_content(content), "OPENCODE_PERMISSION": json.dumps(_PERMISSIONS[permission])}
        # A session that is loaded remembers the model that it last had, whatever the configuration says now.
        chosen = content.get("model")
        start = Start((str(place.program), "acp"), environment)
        return Talk(start, model=chosen if isinstance(chosen, str) else None, model_option="model")

    def merges(self, place: Place) -> tuple[Merge, ...]:
        beside = (".config/opencode/opencode.jsonc", ".config/opencode/config.json")
        return (Merge(_SETTINGS, absent={"permission": dict(_ASKS)}, unless=beside),)

    def files(self) -> tuple[OwnFile, ...]:
        return (PLUGIN,)

    def hook(self, event: str, data: Mapping[str, object]) -> Sign | None:
        match event:
            case "working":
                return Sign(SessionStatus.WORKING)
            case "waiting":
                return Sign(SessionStatus.WAITING, text_of(data, "asks"))
            case "idle":
                return Sign(SessionStatus.IDLE)
        return None


def _provider(variables: Mapping[str, str], model: str | None) -> dict[str, object]:
    """A provider for ``OPENAI_BASE_URL``, which opencode does not read by itself; the key stays in its variable."""
    address = variables.get("OPENAI_BASE_URL")
    if address is None:
        return {}
    name = (model or variables.get("OPENAI_MODEL") or "default").removeprefix("hutch/")
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "OpenAI compatible",
        "options": {"baseURL": address, "apiKey": "{env:OPENAI_API_KEY}"},
        "models": {name: {}},
    }
    chosen = f"hutch/{name}"
    return {
        "provider": {"hutch": provider},
        "enabled_providers": ["hutch"],
        "model": chosen,
        "small_model": chosen,
    }


def _content(settings: Mapping[str, object]) -> dict[str, str]:
    return {"OPENCODE_CONFIG_CONTENT": json.dumps(settings)} if settings else {}


OPENCODE = AgentCli(
    name=_NAME,
    title="opencode",
    binary="opencode",
    package=PINS[_NAME].package,
    version=PINS[_NAME].version,
    disk_mb=360,
    node_major=18,
    environment=_QUIET,
    setup=("node", "postinstall.mjs"),
    ways=_Opencode(),
)
