"""The agent: its sessions, and what it says it can do."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

from acp import PROTOCOL_VERSION, RequestError, schema, update_agent_message_text
from acp.interfaces import Client

from tests.doubles.acp_agent.steps import STEPS, Turn


class ScriptedAgent:
    """Implements ``acp.interfaces.Agent`` as far as clients use it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._state: Path = options.state
        self._state.mkdir(parents=True, exist_ok=True)
        self._client: Client | None = None
        self._folders: dict[str, Path] = {}
        self._turns: dict[str, Turn] = {}

    def on_connect(self, conn: Client) -> None:
        """The client is there."""
        self._client = conn

    async def initialize(self, protocol_version: int, **_: object) -> schema.InitializeResponse:
        """What it can do."""
        if self._options.mute:
            await asyncio.Event().wait()
        resume = schema.SessionResumeCapabilities() if self._options.resumes else None
        return schema.InitializeResponse(
            protocol_version=PROTOCOL_VERSION,
            agent_capabilities=schema.AgentCapabilities(
                load_session=not self._options.forgets,
                prompt_capabilities=schema.PromptCapabilities(image=True, embedded_context=True),
                session_capabilities=schema.SessionCapabilities(resume=resume),
            ),
        )

    async def new_session(self, cwd: str, **_: object) -> schema.NewSessionResponse:
        """Begin a session."""
        if self._options.logged_out:
            raise RequestError.auth_required()
        session_id = secrets.token_hex(8)
        self._folders[session_id] = Path(cwd)
        self._remember(session_id, [])
        return schema.NewSessionResponse(session_id=session_id)

    async def load_session(self, cwd: str, session_id: str, **_: object) -> schema.LoadSessionResponse:
        """Go on with one, telling its history as real agents do."""
        if self._options.forgets or not self._file(session_id).exists():
            raise RequestError.resource_not_found(session_id)
        self._folders[session_id] = Path(cwd)
        for said in self.memory(session_id):
            await self.client.session_update(session_id, update_agent_message_text(f"history: {said}"))
        return schema.LoadSessionResponse()

    async def resume_session(self, session_id: str, cwd: str, **_: object) -> schema.ResumeSessionResponse:
        """Go on with one."""
        if not self._file(session_id).exists():
            raise RequestError.resource_not_found(session_id)
        self._folders[session_id] = Path(cwd)
        return schema.ResumeSessionResponse()

    async def set_session_mode(self, session_id: str, mode_id: str, **_: object) -> schema.SetSessionModeResponse:
        """Another mode."""
        await self._change()
        self._remember(session_id, [*self.memory(session_id), f"mode {mode_id}"])
        return schema.SetSessionModeResponse()

    async def set_config_option(
        self, config_id: str, session_id: str, value: str | bool, **_: object
    ) -> schema.SetSessionConfigOptionResponse:
        """Another value of an option."""
        await self._change()
        self._remember(session_id, [*self.memory(session_id), f"{config_id} {value}"])
        return schema.SetSessionConfigOptionResponse(config_options=[])

    async def _change(self) -> None:
        if self._options.fixed:
            raise RequestError.invalid_params()
        if self._options.deaf:
            await asyncio.Event().wait()

    async def prompt(self, session_id: str, prompt: list[Any], **_: object) -> schema.PromptResponse:
        """Do what the prompt says, line by line."""
        turn = Turn(self.client, session_id, self._folders[session_id], prompt, self.memory(session_id))
        self._turns[session_id] = turn
        texts = [block.text for block in prompt if block.type == "text"]
        self._remember(session_id, [*self.memory(session_id), *texts])
        lines = texts[-1].splitlines() if texts else []
        for line in lines:
            name, _, rest = line.partition(" ")
            step = STEPS.get(name)
            if step is None:
                await turn.say(f"You said: {line}")
            else:
                await step(turn, rest)
            if turn.cancelled.is_set():
                return schema.PromptResponse(stop_reason="cancelled")
        return schema.PromptResponse(stop_reason=turn.stop_reason, usage=turn.usage, field_meta=turn.meta)

    async def cancel(self, session_id: str, **_: object) -> None:
        """Stop."""
        if session_id in self._turns and not self._options.stubborn:
            self._turns[session_id].cancelled.set()

    @property
    def client(self) -> Client:
        """The other side."""
        assert self._client is not None
        return self._client

    def memory(self, session_id: str) -> list[str]:
        """What was said to it in a session."""
        found: list[str] = json.loads(self._file(session_id).read_text())
        return found

    def _remember(self, session_id: str, said: list[str]) -> None:
        self._file(session_id).write_text(json.dumps(said))

    def _file(self, session_id: str) -> Path:
        return self._state / f"{session_id}.json"
