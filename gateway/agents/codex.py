"""Codex.

Everything comes by ``-c``, which stands above a person's ``config.toml`` for this one start and leaves the file alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from gateway.agents.acp import Quirks
from gateway.agents.cli import Adapter, AgentCli, LoginWay, Place, Start, Talk, Ways
from gateway.agents.hook_program import command_for
from gateway.agents.pins import PINS
from gateway.agents.signs import Sign, about
from gateway.conversations.types import Permission
from gateway.sessions.types import SessionStatus
from protocol.problems import Problem, ProblemCode

_NAME = "codex"
_EVENTS = ("UserPromptSubmit", "PermissionRequest", "PostToolUse", "Stop", "Interrupt")
_MODES = {
    Permission.ASK: "read-only",
    Permission.EDITS: "workspace-write",
    Permission.ALL: "agent-full-access",
}
_QUIET: Mapping[str, object] = {"check_for_update_on_startup": False, "analytics": {"enabled": False}}
_OPENAI = "https://api.openai.com/v1"
_HOOK_SECONDS = 3
"""The most it gives the hook of an interruption; with more, it counts that as a change that needs a person's trust."""
_SPINNER = re.compile("[\u2800-\u28ff]")


class _Codex(Ways):
    # Its usual login waits for a browser on the device itself; with a code any browser does.
    login = LoginWay(
        arguments=("login", "--device-auth"),
        hosts=("openai.com", "chatgpt.com"),
        credentials=(".codex/auth.json",),
        code=r"\b[A-Z0-9]{4}-[A-Z0-9]{4,5}\b",
    )
    keys = ("OPENAI_API_KEY",)
    quirks = Quirks(repeats_when_it_retries=True, output_in_meta=True, warnings_as_messages=True)

    def terminal(self, place: Place, arguments: tuple[str, ...], *, hooks: bool) -> Start:
        settings = {**_QUIET, **_provider(place.variables), **_trust(place)}
        if hooks:
            settings |= {"hooks": _hooks(), "hooks.state": _trusted_hooks()}
        options = [part for name, value in _flat(settings) for part in ("-c", f"{name}={_toml(value)}")]
        return Start((str(place.program), *arguments, *options))

    def conversation(self, place: Place, permission: Permission, model: str | None) -> Talk | None:
        if place.adapter is None:
            return None
        settings = {**_QUIET, **_provider(place.variables), **_model(model)}
        environment = {
            "CODEX_PATH": str(place.program),
            "CODEX_CONFIG": json.dumps(settings),
            "INITIAL_AGENT_MODE": _MODES[permission],
        }
        return Talk(Start((str(place.adapter),), environment), modes=_MODES, model_option="model")

    def hook(self, event: str, data: Mapping[str, object]) -> Sign | None:
        tool = about(data.get("tool_name"), data.get("tool_input"))
        match event:
            case "UserPromptSubmit":
                return Sign(SessionStatus.WORKING)
            case "PostToolUse":
                return Sign(SessionStatus.WORKING, tool, passing=True)
            case "PermissionRequest":
                return Sign(SessionStatus.WAITING, tool)
            case "Stop" | "Interrupt":
                return Sign(SessionStatus.IDLE)
        return None

    def title(self, title: str) -> Sign | None:
        if "action required" in title.lower():
            return Sign(SessionStatus.WAITING, passing=True)
        return Sign(SessionStatus.WORKING if _SPINNER.match(title) else SessionStatus.IDLE, passing=True)


def _model(model: str | None) -> dict[str, object]:
    """A model by its name, with the effort in brackets as the lists of codex-acp have it."""
    if model is None:
        return {}
    name, _, effort = model.rstrip("]").partition("[")
    return {"model": name, **({"model_reasoning_effort": effort} if effort else {})}


def _provider(variables: Mapping[str, str]) -> dict[str, object]:
    """A provider of its own where a key or an address is given, because by itself it takes neither from variables."""
    address = variables.get("OPENAI_BASE_URL")
    if address is None and "OPENAI_API_KEY" not in variables:
        return {}
    if address is not None and "@" in urlsplit(address).netloc:
        raise Problem(
            ProblemCode.INVALID_REQUEST, "OPENAI_BASE_URL has a password in it. Put the secret into OPENAI_API_KEY."
        )
    provider = {
        "name": "OpenAI",
        "base_url": address or _OPENAI,
        "env_key": "OPENAI_API_KEY",
        "wire_api": "responses",
    }
    model = _model(variables.get("OPENAI_MODEL"))
    return {"model_provider": "hutch", "model_providers": {"hutch": provider}, **model}


def _trust(place: Place) -> dict[str, object]:
    return {"projects": {str(place.folder): {"trust_level": "trusted"}}}


def _handler(event: str) -> dict[str, object]:
    return {"type": "command", "command": command_for(_NAME, event), "timeout": _HOOK_SECONDS}


def _hooks() -> dict[str, object]:
    return {event: [{"hooks": [_handler(event)]}] for event in _EVENTS}


def _trusted_hooks() -> dict[str, object]:
    """Codex runs a hook when its state holds its hash; that of a person's or a project's hooks is not touched.

    The hash is SHA-256 over the hook in JSON with sorted keys, as ``hooks/list`` of its app server answers it.
    """
    trusted: dict[str, object] = {}
    for event in _EVENTS:
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", event).lower()
        told = json.dumps(
            {"event_name": name, "hooks": [{**_handler(event), "async": False}]}, sort_keys=True, separators=(",", ":")
        )
        digest = hashlib.sha256(told.encode()).hexdigest()
        trusted[f"/<session-flags>/config.toml:{name}:0:0"] = {"trusted_hash": f"sha256:{digest}"}
    return trusted


def _flat(settings: Mapping[str, object]) -> list[tuple[str, object]]:
    """Each setting by itself: one option with a whole table would take the place of the person's table."""
    flat: list[tuple[str, object]] = []
    for name, value in settings.items():
        if isinstance(value, dict) and name in ("analytics", "model_providers", "hooks"):
            flat += [(f"{name}.{inner}", content) for inner, content in value.items()]
        else:
            flat.append((name, value))
    return flat


def _toml(value: object) -> str:
    """A value in TOML 1.0; JSON's strings are TOML's basic strings."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}={_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_toml(inner) for inner in value) + "]"
    return json.dumps(value)


CODEX = AgentCli(
    name=_NAME,
    title="Codex",
    binary="codex",
    package=PINS[_NAME].package,
    version=PINS[_NAME].version,
    disk_mb=450,
    node_major=16,
    # Without it every start copies the program (400 MB) and leaves two background processes.
    arguments=("--no-daemon",),
    adapter=Adapter(PINS["codex-acp"], "codex-acp"),
    ways=_Codex(),
)
