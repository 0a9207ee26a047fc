"""Waking the agent of a conversation, with its memory where it can be loaded, and putting it to sleep."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeGuard

import structlog

from gateway.agents.acp import AcpCommands, AcpLaunch
from gateway.conversations.agent_client.agent import AwakeAgent, start_agent
from gateway.conversations.config import ConversationsConfig
from gateway.conversations.live import Live, now
from gateway.conversations.orphans import VARIABLE, Register
from gateway.conversations.types import Manner
from gateway.conversations.updates import CommandsTold
from gateway.conversations.workers import Workers
from gateway.events.chat import ConversationCommands
from gateway.programs.types import Programs
from gateway.workspaces.rights import Rights
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)
CHANGE_SECONDS: Final = 5.0
"""How long an agent may take to another mode or model; then it is started anew."""


_MINUTE: Final = timedelta(minutes=1)


class AgentStarts(AcpCommands, Protocol):
    """How the agent CLIs of this device are started; :class:`gateway.agents.installer.Agents`."""

    def command(self, agent: str) -> Sequence[str]:
        """Raises AGENT_MISSING when a CLI is not installed, at once and without a side effect."""


@dataclass(frozen=True, slots=True)
class Woken:
    """An awake agent; ``fresh`` when it knows nothing of what was said before."""

    agent: AwakeAgent
    fresh: bool


def is_ready(agent: AwakeAgent | None) -> TypeGuard[AwakeAgent]:
    """Whether an agent can be spoken to: its program runs and has a session."""
    return agent is not None and agent.session_id is not None and agent.child.returncode is None


def left_of_minute(opened_at: datetime | None, at: datetime) -> float:
    """Seconds until a session that was opened at ``opened_at`` can be opened again: at most 60.

    By a CLI that names its files by the minute (UTC), and would write over what was said.
    """
    if opened_at is None:
        return 0.0
    opened, here = (moment.astimezone(UTC).replace(second=0, microsecond=0) for moment in (opened_at, at))
    # A clock that was set back makes nobody wait for longer than that.
    return (here + _MINUTE - at).total_seconds() if opened == here else 0.0


class Waker:
    """Starts and ends the programs of agents."""

    def __init__(
        self,
        commands: AgentStarts,
        programs: Programs,
        workers: Workers,
        register: Register,
        config: ConversationsConfig,
        *,
        rights: Rights,
    ) -> None:
        self._commands = commands
        self._programs = programs
        self._workers = workers
        self._register = register
        self._config = config
        self._rights = rights

    async def wake(self, live: Live) -> Woken:
        """The agent of a conversation, awake.

        Raises:
            Problem: AGENT_MISSING, WORKDIR_MISSING, PERMISSION_DENIED, TIMEOUT.
            acp.exceptions.RequestError: the agent refuses.
            ConnectionError: its program ended.
        """
        if is_ready(live.agent) and await self._suits(live, live.agent):
            return Woken(live.agent, fresh=False)
        await self.put_to_sleep(live)
        agent = await self._start(live)
        live.set_agent(agent)
        return Woken(agent, fresh=await self._begin(live, agent))

    async def permit(self, live: Live) -> None:
        """Tell an awake agent at once what it may do from now on; one that does not take it is started anew for its
        next turn."""
        agent = live.agent
        if is_ready(agent):
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(CHANGE_SECONDS):
                    await agent.set_permission(live.kept.conversation.permission)

    async def _suits(self, live: Live, agent: AwakeAgent) -> bool:
        """Whether an awake agent works, or takes to working, as the conversation says now."""
        wanted = live.kept.conversation.manner
        try:
            async with asyncio.timeout(CHANGE_SECONDS):
                return await agent.set_permission(wanted.permission) and await agent.set_model(wanted.model)
        except (TimeoutError, ConnectionError):
            return False

    async def put_to_sleep(self, live: Live) -> None:
        """End the agent's program, if there is one."""
        agent = live.agent
        if agent is None:
            return
        try:
            await agent.close()
        finally:
            if live.agent is agent:
                live.set_agent(None)
        await asyncio.to_thread(self._register.forget, agent.launch.environment[VARIABLE])

    async def check(self, live: Live) -> None:
        """Raise what would keep the agent from being started: AGENT_MISSING, WORKDIR_MISSING. Starts nothing."""
        if live.agent is None:
            await self._check_folder(live)
            self._commands.command(live.kept.conversation.cli)

    async def _start(self, live: Live) -> AwakeAgent:
        manner = live.kept.conversation.manner
        launch = await self._launch(live, manner)

        def commands_told(told: CommandsTold) -> None:
            if tuple(live.kept.conversation.commands) != told.commands:
                live.change(commands=told.commands)
                live.voice.publish(ConversationCommands(conversation_id=live.id, commands=told.commands))

        if launch.quirks.names_sessions_by_minute and live.kept.acp_session is not None:
            await asyncio.sleep(left_of_minute(live.kept.acp_opened_at, now()))
        folder = live.kept.conversation.folder
        mark = await asyncio.to_thread(self._register.note)
        marked = replace(launch, environment={**launch.environment, VARIABLE: mark})
        try:
            return await start_agent(
                self._programs,
                marked,
                manner,
                folder,
                heard=live.heard,
                commands_told=commands_told,
                rights=self._rights,
            )
        except BaseException:
            await asyncio.to_thread(self._register.forget, mark)
            raise

    async def _launch(self, live: Live, manner: Manner) -> AcpLaunch:
        await self._check_folder(live)
        conversation = live.kept.conversation
        worker = None if conversation.agent_id is None else await self._workers.find(conversation.agent_id)
        return await self._commands.conversation(
            conversation.cli,
            folder=conversation.folder,
            permission=manner.permission,
            model=manner.model,
            environment=None if worker is None else worker.environment,
        )

    async def _check_folder(self, live: Live) -> None:
        folder = live.kept.conversation.folder
        if not await asyncio.to_thread(folder.is_dir):
            raise Problem(
                ProblemCode.WORKDIR_MISSING,
                f"The folder {folder} is gone. Make it again, or begin a conversation in another.",
            )

    async def _begin(self, live: Live, agent: AwakeAgent) -> bool:
        """Greet, and go on with the session of before or begin one; whether it is a new one."""
        from acp.exceptions import RequestError

        try:
            async with asyncio.timeout(self._config.start_seconds):
                await agent.greet()
                before = live.kept.acp_session
                if before is not None and (agent.can.load or agent.can.resume):
                    try:
                        await agent.load_session(before)
                    except RequestError as error:
                        _log.info("an agent does not know its session any more", cli=agent.launch.cli, code=error.code)
                    else:
                        return False
                name = await agent.new_session()
        except TimeoutError:
            raise Problem(
                ProblemCode.TIMEOUT, "The agent did not start in time. Try again, with fewer agents at work."
            ) from None
        keeps = not agent.launch.quirks.load_after_create_fails
        live.kept = replace(live.kept, acp_session=name if keeps else None, acp_opened_at=agent.opened_at)
        return True
