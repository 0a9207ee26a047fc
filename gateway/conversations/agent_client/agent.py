"""An awake agent: its program, the connection to it, and one session of the protocol on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from gateway.agents.acp import AcpLaunch
from gateway.conversations.agent_client.child import Child, start_child
from gateway.conversations.agent_client.listener import Listener
from gateway.conversations.agent_client.quirks.usage import usage_of
from gateway.conversations.agent_client.requests import AgentRequests, Told
from gateway.conversations.agent_client.translate import Translator
from gateway.conversations.types import Permission, Usage
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
        self, child: Child, launch: AcpLaunch, folder: Path, connection: Connection, requests: AgentRequests
    ) -> None:
        self.child = child
        self.launch = launch
        self.can = Abilities()
        self._folder = folder
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

        asked = NewSessionRequest(cwd=str(self._folder), mcp_servers=[])
        answer = await self._ask("session/new", asked, NewSessionResponse)
        self._requests.session_id = answer.session_id
        await self._set_up()
        return str(answer.session_id)

    async def load_session(self, session_id: str) -> None:
        """Go on with a session of before; what the agent says of its history meanwhile is not heard."""
        from acp.schema import LoadSessionRequest

        self._requests.session_id = session_id
        try:
            if not await self._resume(session_id):
                load = LoadSessionRequest(session_id=session_id, cwd=str(self._folder), mcp_servers=[])
                await self._send("session/load", load)
        except BaseException:
            self._requests.session_id = None
            raise
        await self._set_up()

    async def _resume(self, session_id: str) -> bool:
        """Go on without the history being told again; False where that is not offered, or does not work."""
        from acp.exceptions import RequestError
        from acp.schema import ResumeSessionRequest

        if not self.can.resume:
            return False
        try:
            await self._send("session/resume", ResumeSessionRequest(session_id=session_id, cwd=str(self._folder)))
        except RequestError:
            if not self.can.load:
                raise
            return False
        return True

    async def set_permission(self, permission: Permission) -> bool:
        """Change in mid-conversation what it may do of itself; False where that takes another process."""
        from acp.schema import SetSessionModeRequest

        mode = self.launch.modes.get(permission)
        if mode is None:
            return False
        await self._send("session/set_mode", SetSessionModeRequest(session_id=self._session(), mode_id=mode))
        return True

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
        from acp.exceptions import RequestError
        from acp.schema import SetSessionConfigOptionSelectRequest, SetSessionModeRequest

        session, launch = self._session(), self.launch
        try:
            if launch.mode is not None:
                await self._send("session/set_mode", SetSessionModeRequest(session_id=session, mode_id=launch.mode))
            if launch.model is None:
                return
            if launch.model_option is None:
                await self._connection.send_request(
                    "session/set_model", {"sessionId": session, "modelId": launch.model}
                )
            else:
                chosen = SetSessionConfigOptionSelectRequest(
                    session_id=session, config_id=launch.model_option, value=launch.model
                )
                await self._send("session/set_config_option", chosen)
        except RequestError as error:
            # It asks for more then, or answers with its own model: worse than wished for, and no reason not to answer.
            _log.warning("the agent did not take its mode or model", cli=launch.cli, code=error.code)

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
    folder: Path,
    *,
    heard: Callable[[], None],
    commands_told: Told,
    rights: Rights = OWN,
) -> AwakeAgent:
    """Start the program of an agent and listen to it; ``rights`` writes files for it. Raises as :func:`start_child`."""
    await asyncio.to_thread(_load_acp)
    from acp.connection import Connection

    child = await start_child(programs, launch.command, folder=folder, environment=launch.environment, heard=heard)
    requests = AgentRequests(folder, Translator(launch.quirks), commands_told, rights)
    return AwakeAgent(child, launch, folder, Connection(requests.handle, child.lines), requests)


def _load_acp() -> None:
    """Half a second and 15 MB, once: not on the loop, and not before somebody speaks to an agent."""
    import acp  # noqa: F401
