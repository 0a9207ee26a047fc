"""Agent CLIs: which are there, and installing them."""

from __future__ import annotations

from typing import get_args

from aiohttp import web

from foundation.actors import Actor
from foundation.web.answers import answer
from foundation.web.background import BACKGROUND
from gateway.agents.types import AgentName
from protocol.problems import Problem, ProblemCode
from webui.api.models.device import AgentAnswer, AgentsAnswer, InstallAnswer
from webui.context import Device, actor_of, device_of

_NAMES: dict[str, AgentName] = {name: name for name in get_args(AgentName)}


async def list_agents(request: web.Request) -> web.Response:
    """The agent CLIs Hutch knows and which of them are installed."""
    statuses = await device_of(request).agents.statuses()
    return answer(AgentsAnswer(agents=[AgentAnswer.of(status) for status in statuses]))


async def install_agent(request: web.Request) -> web.Response:
    """Begin to install an agent CLI; its progress and its end come as events."""
    agent = _NAMES.get(request.match_info["name"])
    if agent is None:
        raise Problem(ProblemCode.NOT_FOUND, f"There is no agent CLI of that name. Choose one of: {', '.join(_NAMES)}.")
    work = _install(device_of(request), agent, actor_of(request))
    request.app[BACKGROUND].start(work, f"install {agent}")
    return answer(InstallAnswer(agent=agent), 202)


async def _install(device: Device, agent: AgentName, actor: Actor) -> None:
    result = "ok"
    try:
        await device.agents.install(agent)
    except Problem as problem:
        result = problem.code.value
    await device.audit.record(actor, "agent.installed", agent, result)
