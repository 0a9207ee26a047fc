"""agents.*: the agent CLIs of the device."""

from __future__ import annotations

from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.messages import line
from gateway.hub_link.services import HubAgents
from protocol.commands import AgentsInstall, AgentsList
from protocol.events import AgentInstalled, AgentsStatus, AgentState


class AgentCommands:
    """The handlers of the family."""

    def __init__(self, agents: HubAgents) -> None:
        self._agents = agents

    async def install(self, command: AgentsInstall) -> Reply:
        """Install one; answers the version that the program itself prints."""
        status = await self._agents.install(command.agent)
        installed = AgentInstalled(
            request_id=command.request_id, agent=status.agent, version=line(status.version or "", 256) or None
        )
        return Reply((installed,))

    async def list(self, command: AgentsList) -> Reply:
        """What is there and what is not."""
        agents = tuple(
            AgentState(
                agent=status.agent,
                binary=status.binary,
                installed=status.installed,
                version=line(status.version or "", 256) or None,
            )
            for status in await self._agents.statuses()
        )
        return Reply((AgentsStatus(request_id=command.request_id, agents=agents),))
