"""Agent CLIs: which are there, installing and removing them, their logins and keys."""

from __future__ import annotations

from typing import get_args

from aiohttp import web

from foundation.actors import Actor
from foundation.web.answers import answer, nothing
from foundation.web.background import BACKGROUND
from foundation.web.context import note
from foundation.web.parsing import parse_body
from gateway.agents.login import LoginState
from gateway.agents.types import AgentName
from gateway.events.types import AgentLogin
from protocol.problems import Problem, ProblemCode
from webui.api.models.agents import AgentAnswer, AgentsAnswer, InstallAnswer, LoginAnswer, NewAgentKey
from webui.context import Device, actor_of, device_of

_NAMES: dict[str, AgentName] = {name: name for name in get_args(AgentName)}


async def list_agents(request: web.Request) -> web.Response:
    """The agent CLIs Hutch knows, which of them are installed, and how they are logged in."""
    statuses = await device_of(request).agents.statuses(logins=True)
    return answer(AgentsAnswer(agents=[AgentAnswer.of(status) for status in statuses]))


async def install_agent(request: web.Request) -> web.Response:
    """Begin to install an agent CLI; its progress and its end come as events."""
    agent = agent_of(request)
    work = _install(device_of(request), agent, actor_of(request))
    request.app[BACKGROUND].start(work, f"install {agent}")
    return answer(InstallAnswer(agent=agent), 202)


async def remove_agent(request: web.Request) -> web.Response:
    """Remove an agent CLI that Hutch installed. Its settings, logins and conversations stay."""
    await device_of(request).agents.remove(agent_of(request))
    return nothing()


async def keep_key(request: web.Request) -> web.Response:
    """Keep an API key for an agent CLI, in place of the one there was. Sessions that run keep what they have."""
    agent, new = agent_of(request), await parse_body(request, NewAgentKey)
    await put_key(request, agent, new.key.get_secret_value(), new.variable)
    return answer(AgentAnswer.of(await device_of(request).agents.status(agent)))


async def forget_key(request: web.Request) -> web.Response:
    """Forget the API key of an agent CLI."""
    await drop_key(request, agent_of(request))
    return nothing()


async def begin_login(request: web.Request) -> web.Response:
    """Start the vendor's own login of an agent CLI in a session, or show the one that runs."""
    return answer(LoginAnswer.of(await start_login(request, agent_of(request))), 201)


async def show_login(request: web.Request) -> web.Response:
    """How the last login of an agent CLI stands."""
    state = device_of(request).agent_logins.state(agent_of(request))
    if state is None:
        raise Problem(ProblemCode.NOT_FOUND, "No login is under way. Start one.")
    return answer(LoginAnswer.of(state))


def agent_of(request: web.Request) -> AgentName:
    """The CLI in the address. Raises NOT_FOUND."""
    agent = _NAMES.get(request.match_info["name"])
    if agent is None:
        raise Problem(ProblemCode.NOT_FOUND, f"There is no agent CLI of that name. Choose one of: {', '.join(_NAMES)}.")
    return agent


async def put_key(request: web.Request, agent: AgentName, key: str, variable: str | None) -> None:
    """Keep a key and tell that there is one."""
    device = device_of(request)
    await device.agent_keys.put(agent, key.strip(), variable)
    note(request).target = agent
    device.bus.publish(AgentLogin(agent=agent, state="key"))


async def drop_key(request: web.Request, agent: AgentName) -> None:
    """Forget a key and tell that it is gone."""
    device = device_of(request)
    await device.agent_keys.remove(agent)
    note(request).target = agent
    device.bus.publish(AgentLogin(agent=agent, state="key"))


async def start_login(request: web.Request, agent: AgentName) -> LoginState:
    """Start a login."""
    note(request).target = agent
    return await device_of(request).agent_logins.begin(agent)


async def _install(device: Device, agent: AgentName, actor: Actor) -> None:
    result = "ok"
    try:
        await device.agents.install(agent)
    except Problem as problem:
        result = problem.code.value
    await device.audit.record(actor, "agent.installed", agent, result)
