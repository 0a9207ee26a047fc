"""An awake agent: its program, the connection to it, and one session of the protocol on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from gateway.agents.acp import AcpLaunch
from gateway.conversations.agent_client.child import Child, start_child
from gateway.conversations.agent_client.listener import Listener
from gateway.conversations.agent_client.quirks.usage import usage_of
from gateway.conversations.agent_client.requests import AgentRequests, Told
from gateway.conversations.agent_client.translate import Translator
from gateway.conversations.types import Manner, Permission, Usage
from gateway.programs.types import Programs
from gateway.workspaces.rights import OWN, Rights

if TYPE_CHECKING:
    from acp.connection import Connection
    from pydantic import BaseModel

_log = structlog.get_logger(__name__)
CANCEL_SECONDS: Final = 0.5
"""How long an agent may take to stop when it is asked to; then its program is ended."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What an agent says it can do."""

    load: bool = False
    resume: bool = False
    images: bool = False
    embedded: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of a prompt: why it stopped, in the words of the protocol, and what it took."""

    stop_reason: str
    usage: Usage


class AwakeAgent:
    """Speaks to one agent. Errors are those of the connection: RequestError of ``acp``, ConnectionError."""

    def __init__(
        self, child: Child, launch: AcpLaunch, manner: Manner, connection: Connection, requests: AgentRequests
    ) -> None:
        self.child = child
        self.launch = launch
        self.can = Abilities()
        self.manner: Manner | None = manner
        """How it works now; None where that is not known any more, and only another process makes sure of it."""
        self.opened_at: datetime | None = None
        """When its session was begun or loaded, aware UTC."""
        self._changing = asyncio.Lock()
        self._connection = connection
        self._requests = requests

    @property
    def session_id(self) -> str | None:
        """The protocol's session, once there is one."""
        return self._requests.session_id

    async def greet(self) -> None:
        """Agree on the protocol."""
        from acp.meta import PROTOCOL_VERSION
        from acp.schema import (
            ClientCapabilities,
            FileSystemCapabilities,
            Implementation,
            InitializeRequest,
            InitializeResponse,
        )

        # Reading is served and not offered: gemini takes our "not found" for a fault, and then makes no new file.
        files = FileSystemCapabilities(read_text_file=False, write_text_file=True)
        asked = InitializeRequest(
            protocol_version=PROTOCOL_VERSION,
            client_capabilities=ClientCapabilities(fs=files),
            client_info=Implementation(name="hutch", title="Hutch", version="1"),
        )
        answer = await self._ask("initialize", asked, InitializeResponse)
        can = answer.agent_capabilities
        if can is None:
            return
        prompt, session = can.prompt_capabilities, can.session_capabilities
        self.can = Abilities(
            load=bool(can.load_session),
            resume=session is not None and session.resume is not None,
            images=prompt is not None and bool(prompt.image),
            embedded=prompt is not None and bool(prompt.embedded_context),
        )

    async def new_session(self) -> str:
        """Begin a session; the agent's own name of it."""
        from acp.schema import NewSessionRequest, NewSessionResponse

        asked = NewSessionRequest(cwd=str(self._requests.folder), mcp_servers=[])
        answer = await self._ask("session/new", asked, NewSessionResponse)
        self._requests.session_id = answer.session_id
        self.opened_at = datetime.now(UTC)
        await self._set_up()
        return str(answer.session_id)

    async def load_session(self, session_id: str) -> None:
        """Go on with a session of before; what the agent says of its history meanwhile is not heard."""
        from acp.schema import LoadSessionRequest

        self._requests.session_id = session_id
        try:
            if not await self._resume(session_id):
                load = LoadSessionRequest(session_id=session_id, cwd=str(self._requests.folder), mcp_servers=[])
                await self._send("session/load", load)
        except BaseException:
            self._requests.session_id = None
            raise
        self.opened_at = datetime.now(UTC)
        await self._set_up()
        if self.manner is not None and self.manner.model is None and self.launch.own_model is not None:
            # It may have been another one when the session was left.
            await self._taken(self._set_model(self.launch.own_model))

    async def _resume(self, session_id: str) -> bool:
        """Go on without the history being told again; False where that is not offered, or does not work."""
        from acp.exceptions import RequestError
        from acp.schema import ResumeSessionRequest

        if not self.can.resume:
            return False
        try:
            asked = ResumeSessionRequest(session_id=session_id, cwd=str(self._requests.folder))
            await self._send("session/resume", asked)
        except RequestError:
            if not self.can.load:
                raise
            return False
        return True

    async def set_permission(self, permission: Permission) -> bool:
        """Change in mid-conversation what it may do of itself; False where that takes another process."""
        async with self._changing:
            if self.manner is None:
                return False
            if permission is self.manner.permission:
                return True
            mode = self.launch.modes.get(permission)
            return mode is not None and await self._change(
                self._set_mode(mode), replace(self.manner, permission=permission)
            )

    async def set_model(self, model: str | None) -> bool:
        """Go on with another model; False where that takes another process. Not while it answers."""
        async with self._changing:
            if self.manner is None:
                return False
            if model == self.manner.model:
                return True
            named = self.launch.own_model if model is None else model
            return named is not None and await self._change(self._set_model(named), replace(self.manner, model=model))

    async def distrust(self) -> None:
        """Whatever it says of its manner, only another process makes sure of it."""
        async with self._changing:
            self.manner = None

    async def _change(self, asking: Awaitable[None], after: Manner) -> bool:
        # Given up before it is answered, it may have been taken or not.
        before, self.manner = self.manner, None
        taken = await self._taken(asking)
        self.manner = after if taken else before
        return taken

    async def prompt(self, blocks: Sequence[BaseModel], listener: Listener) -> Answered:
        """Send a message and wait for the end of the answer, which ``listener`` hears."""
        from acp.schema import PromptRequest, PromptResponse

        self._requests.listener = listener
        self._requests.translator.begin()
        try:
            asked = PromptRequest.model_validate({"sessionId": self._session(), "prompt": list(blocks)})
            answer = await self._ask("session/prompt", asked, PromptResponse)
            return Answered(answer.stop_reason, usage_of(answer, self.launch.quirks.usage_in_meta))
        finally:
            self._requests.listener = None

    async def cancel(self) -> None:
        """Ask it to stop; the prompt then ends by itself."""
        from acp.schema import CancelNotification
        from acp.utils import notify_model

        with suppress(ConnectionError):
            await notify_model(self._connection, "session/cancel", CancelNotification(session_id=self._session()))

    async def close(self) -> None:
        """End its program and let go of everything."""
        closing = asyncio.ensure_future(self._close())
        await asyncio.shield(closing)

    async def _close(self) -> None:
        await self.child.end()
        await self._connection.close()

    async def _set_up(self) -> None:
        # What it does not take: it asks for more then, or answers with its own model. That is worse than wished for,
        # and no reason not to answer.
        launch = self.launch
        if launch.mode is not None and not await self._taken(self._set_mode(launch.mode)):
            return
        if launch.model is not None:
            await self._taken(self._set_model(launch.model))

    async def _taken(self, asking: Awaitable[None]) -> bool:
        from acp.exceptions import RequestError

        try:
            await asking
        except RequestError as error:
            _log.warning("the agent did not take its mode or model", cli=self.launch.cli, code=error.code)
            return False
        return True

    async def _set_mode(self, mode: str) -> None:
        from acp.schema import SetSessionModeRequest

        await self._send("session/set_mode", SetSessionModeRequest(session_id=self._session(), mode_id=mode))

    async def _set_model(self, model: str) -> None:
        from acp.schema import SetSessionConfigOptionSelectRequest

        session, option = self._session(), self.launch.model_option
        if option is None:
            await self._connection.send_request("session/set_model", {"sessionId": session, "modelId": model})
            return
        chosen = SetSessionConfigOptionSelectRequest(session_id=session, config_id=option, value=model)
        await self._send("session/set_config_option", chosen)

    def _session(self) -> str:
        session = self._requests.session_id
        if session is None:
            raise ConnectionError("the agent has no session")
        return session

    async def _send(self, method: str, params: BaseModel) -> Any:  # noqa: ANN401 (JSON that nobody reads)
        from acp.utils import serialize_params

        return await self._connection.send_request(method, serialize_params(params))

    async def _ask(self, method: str, params: BaseModel, answer: type[Any]) -> Any:  # noqa: ANN401 (typed by callers)
        from acp.utils import request_model

        return await request_model(self._connection, method, params, answer)


async def start_agent(
    programs: Programs,
    launch: AcpLaunch,
    manner: Manner,
    folder: Path,
    *,
    heard: Callable[[], None],
    commands_told: Told,
    rights: Rights = OWN,
) -> AwakeAgent:
    """Start the program of an agent and listen to it; ``launch`` makes it work in ``manner``, ``rights`` writes files
    for it. Raises as :func:`start_child`."""
    # Beside the start of the program, which takes longer.
    loading = asyncio.create_task(asyncio.to_thread(_load_acp))
    try:
        child = await start_child(programs, launch.command, folder=folder, environment=launch.environment, heard=heard)
        try:
            await loading
        except BaseException:
            await child.end()
            raise
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
    from acp.connection import Connection

    requests = AgentRequests(folder, Translator(launch.quirks), commands_told, rights)
    return AwakeAgent(child, launch, manner, Connection(requests.handle, child.lines), requests)


def _load_acp() -> None:
    """Half a second and 15 MB, once: not on the loop, and not before somebody speaks to an agent."""
    import acp  # noqa: F401
