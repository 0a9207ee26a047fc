"""What an agent may ask of us: one table. Everything else, terminals among it, is refused as unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from gateway.conversations.agent_client.files import read_text, write_text
from gateway.conversations.agent_client.listener import Listener, Question
from gateway.conversations.agent_client.translate import Translator
from gateway.conversations.texts import sound
from gateway.conversations.types import PermissionOption
from gateway.conversations.updates import CommandsTold
from gateway.workspaces.rights import OWN, Rights
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from acp.exceptions import RequestError
    from pydantic import BaseModel

_log = structlog.get_logger(__name__)
_MAX_OPTIONS: Final = 20
_NOT_FOUND: Final = -32002
_INVALID: Final = -32602
Told = Callable[[CommandsTold], None]


class AgentRequests:
    """Answers one agent: the handler of ``acp.connection.Connection``."""

    def __init__(self, folder: Path, translator: Translator, commands_told: Told, rights: Rights = OWN) -> None:
        self.folder = folder
        """Where the agent works, and beneath which it may read and write."""
        self._rights = rights
        self.translator = translator
        self._commands_told = commands_told
        self.session_id: str | None = None
        """Whose updates count."""
        self.listener: Listener | None = None
        """The turn that runs; what is said without one (a history that is loaded again) is not heard."""

    async def handle(self, method: str, params: Any, is_notification: bool) -> Any:  # noqa: ANN401 (JSON)
        """One message of the agent; RequestError for what is refused."""
        from acp.exceptions import RequestError

        answer = _ANSWERS.get(method) if isinstance(method, str) else None  # type: ignore[redundant-expr]
        if is_notification:
            if method == "session/update":
                self._update(params)
            return None
        if answer is None:
            raise RequestError.method_not_found(str(method)[:100])
        try:
            return await answer(self, params)
        except Problem as problem:
            _log.info("refused an agent", method=method, code=problem.code.value)
            raise _refusal(problem) from None

    def _update(self, params: object) -> None:
        # Never waits: updates are heard in the order in which they came, and before the answer to the prompt.
        from acp.schema import SessionNotification
        from pydantic import ValidationError

        try:
            note = SessionNotification.model_validate(params)
        except ValidationError:
            _log.debug("an update of an agent is of no known kind")
            return
        if note.session_id != self.session_id:
            return
        updates = self.translator.updates(note.update)
        for update in updates:
            if isinstance(update, CommandsTold):
                self._commands_told(update)
        if self.listener is not None:
            self.listener.told(updates)

    async def _permission(self, params: object) -> BaseModel:
        from acp.schema import AllowedOutcome, DeniedOutcome, RequestPermissionRequest, RequestPermissionResponse

        asked = RequestPermissionRequest.model_validate(params)
        chosen = None
        if self.listener is not None and asked.session_id == self.session_id:
            options = tuple(
                PermissionOption(id=option.option_id, label=sound(option.name)[:200], kind=option.kind)
                for option in asked.options[:_MAX_OPTIONS]
            )
            chosen = await self.listener.asked(Question(self.translator.tool(asked.tool_call), options))
        if chosen is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen))

    async def _read(self, params: object) -> BaseModel:
        from acp.schema import ReadTextFileRequest, ReadTextFileResponse

        asked = ReadTextFileRequest.model_validate(params)
        text = await asyncio.to_thread(read_text, self.folder, asked.path, asked.line, asked.limit, self._rights)
        return ReadTextFileResponse(content=text)

    async def _write(self, params: object) -> BaseModel:
        from acp.schema import WriteTextFileRequest, WriteTextFileResponse

        asked = WriteTextFileRequest.model_validate(params)
        await asyncio.to_thread(write_text, self.folder, asked.path, asked.content, self._rights)
        return WriteTextFileResponse()


def _refusal(problem: Problem) -> RequestError:
    """A refusal in the protocol's codes. Agents read its words: what is not there they may make."""
    from acp.exceptions import RequestError

    data = {"code": problem.code.value}
    if problem.code is ProblemCode.NOT_FOUND:
        return RequestError(_NOT_FOUND, f"Resource not found: {problem.message}", data)
    return RequestError(_INVALID, problem.message, data)


_ANSWERS: Final[dict[str, Callable[[AgentRequests, Any], Awaitable[Any]]]] = {
    "session/request_permission": AgentRequests._permission,
    "fs/read_text_file": AgentRequests._read,
    "fs/write_text_file": AgentRequests._write,
}
