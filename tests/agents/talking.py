"""A client of the Agent Client Protocol of the tests' own: it keeps what comes, in order, and answers permissions."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import acp
from acp.client.connection import ClientSideConnection
from acp.interfaces import Client
from acp.schema import (
    AgentMessageChunk,
    AllowedOutcome,
    ClientCapabilities,
    FileSystemCapabilities,
    PermissionOption,
    RequestPermissionResponse,
    TextContentBlock,
    ToolCallProgress,
    ToolCallStart,
    ToolCallUpdate,
    UserMessageChunk,
    WriteTextFileResponse,
)
from pydantic import BaseModel

from gateway.agents.acp import AcpLaunch
from gateway.programs.own import OwnPrograms

MAX_LINE = 64 * 1024 * 1024
Reply = Literal["allow_once", "reject_once"]


@dataclass
class Asked:
    """A permission request: the tool call it is about, and what may be answered."""

    call: ToolCallUpdate
    options: list[PermissionOption]
    after: int
    """How many updates had come before it."""


@dataclass
class Listener:
    """What the program says. Implements :class:`acp.interfaces.Client` as far as the CLIs use it."""

    reply: Reply = "allow_once"
    updates: list[BaseModel] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The agent's words so far."""
        return self._joined(AgentMessageChunk)

    @property
    def replayed(self) -> str:
        """The person's words, as a loaded session tells them again."""
        return self._joined(UserMessageChunk)

    def calls(self, place: int) -> list[str]:
        """The ids of the tool calls that had begun before the ``place``-th update."""
        return [update.tool_call_id for update in self.updates[:place] if isinstance(update, ToolCallStart)]

    def ended(self, call_id: str) -> str | None:
        """The last state that was told of a tool call."""
        states = [
            update.status
            for update in self.updates
            if isinstance(update, ToolCallProgress) and update.tool_call_id == call_id and update.status
        ]
        return states[-1] if states else None

    def _joined(self, kind: type[AgentMessageChunk] | type[UserMessageChunk]) -> str:
        chunks = (update.content for update in self.updates if isinstance(update, kind))
        return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextContentBlock))

    def on_connect(self, conn: object) -> None:
        """Nothing to do."""

    async def session_update(self, session_id: str, update: BaseModel, **_: object) -> None:
        """Keep it."""
        self.updates.append(update)

    async def request_permission(
        self, session_id: str, tool_call: ToolCallUpdate, options: list[PermissionOption], **_: object
    ) -> RequestPermissionResponse:
        """Keep it and answer as told."""
        self.asked.append(Asked(tool_call, options, len(self.updates)))
        chosen = next(option for option in options if option.kind == self.reply)
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen.option_id))

    async def write_text_file(self, session_id: str, path: str, content: str, **_: object) -> WriteTextFileResponse:
        """Write it; the tests' folders are their own."""
        self.written.append(path)
        await asyncio.to_thread(Path(path).write_text, content)
        return WriteTextFileResponse()


@dataclass
class Talk:
    """A program that speaks ACP, and what it said."""

    connection: ClientSideConnection
    listener: Listener
    launch: AcpLaunch
    folder: Path

    async def create(self) -> str:
        """A new session in the launch's mode; its id."""
        made = await self.connection.new_session(cwd=str(self.folder), mcp_servers=[])
        await self._choose_mode(made.session_id)
        return made.session_id

    async def load(self, session: str) -> None:
        """A session of before."""
        await self.connection.load_session(cwd=str(self.folder), session_id=session, mcp_servers=[])
        await self._choose_mode(session)

    async def say(self, session: str, text: str) -> acp.PromptResponse:
        """One turn."""
        return await self.connection.prompt(session_id=session, prompt=[acp.text_block(text)])

    async def _choose_mode(self, session: str) -> None:
        if self.launch.mode is not None:
            await self.connection.set_session_mode(session_id=session, mode_id=self.launch.mode)


@asynccontextmanager
async def talking(
    launch: AcpLaunch, folder: Path, errors: Path, listener: Listener | None = None
) -> AsyncIterator[Talk]:
    """Start the program and shake hands; every process of its group is gone at the end."""
    async with _started(launch, folder, errors) as (writer, reader):
        listener = listener or Listener()
        connection = acp.connect_to_agent(_client(listener), writer, reader)
        try:
            nothing = FileSystemCapabilities(read_text_file=False, write_text_file=False)
            offered = ClientCapabilities(fs=nothing, terminal=False)
            await connection.initialize(protocol_version=acp.PROTOCOL_VERSION, client_capabilities=offered)
            yield Talk(connection, listener, launch, folder)
        finally:
            await connection.close()


@asynccontextmanager
async def _started(
    launch: AcpLaunch, folder: Path, errors: Path
) -> AsyncIterator[tuple[asyncio.StreamWriter, asyncio.StreamReader]]:
    """Pipes of our own: with asyncio's, a program ends for us only after whoever inherited its output."""
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_LINE)
    reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(ours_out, "rb"))
    writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(ours_in, "wb"))
    try:
        with await asyncio.to_thread(errors.open, "ab") as sink:
            program = await OwnPrograms().start(
                launch.command,
                folder=folder,
                environment=launch.environment,
                stdin=theirs_in,
                stdout=theirs_out,
                stderr=sink.fileno(),
            )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield asyncio.StreamWriter(writing, protocol, reader, loop), reader
        finally:
            program.signal_group(signal.SIGKILL)
            await program.wait()
    finally:
        reading.close()
        if not writing.is_closing():
            writing.abort()


def _client(listener: Listener) -> Client:
    # The protocol class has methods that no CLI calls here; an unknown method is answered with an error.
    client: Any = listener
    return client  # type: ignore[no-any-return]
