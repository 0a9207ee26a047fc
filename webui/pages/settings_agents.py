"""Which agent CLIs are on this device, installing and removing them, their logins and keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from foundation.web.context import note
from foundation.web.pages.forms import FormState, read_form, show_refusals
from foundation.web.pages.notices import back_to
from foundation.web.pages.rendering import PageView, render
from gateway.accounts.types import Role
from gateway.agents.login import LoginState
from gateway.agents.types import AgentName, AgentStatus
from protocol.problems import Problem, ProblemCode
from webui.api.agents import agent_of, drop_key, put_key
from webui.api.agents import install_agent as begin_installation
from webui.context import device_of, identity_of
from webui.pages.qr import qr
from webui.pages.settings import SettingsView, places_for
from webui.security.hub_limits import shows

_PLACE = "/settings/agents"


@dataclass(frozen=True, slots=True)
class LoginCard:
    """A login under way."""

    agent: AgentName
    title: str
    state: LoginState
    host: str
    picture: Markup | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsPartView(PageView):
    """The list and the logins alone."""

    agents: Sequence[AgentStatus]
    logins: Sequence[LoginCard]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsView(SettingsView):
    """The CLIs Hutch knows."""

    agents: Sequence[AgentStatus]
    logins: Sequence[LoginCard]
    form: FormState
    key_choices: Sequence[tuple[str, str]]
    """The CLIs that take a key, with the variable in which they do."""
    other_variables: str
    """Further variables, in words."""


class KeyForm(BaseModel):
    """An API key for a CLI."""

    model_config = ConfigDict(extra="ignore")

    agent: str = Field(max_length=40)
    variable: str = Field("", max_length=64)
    key: SecretStr = Field(min_length=1, max_length=4096)


class CodeForm(BaseModel):
    """What a vendor's page gave the person."""

    model_config = ConfigDict(extra="ignore")

    code: SecretStr = Field(min_length=1, max_length=2048)


async def agents_page(request: web.Request) -> web.StreamResponse:
    """GET /settings/agents."""
    return await _page(request, FormState(), 200)


async def agents_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/agents."""
    agents = await device_of(request).agents.statuses(logins=True)
    return render(
        request, "parts/agents.html", AgentsPartView(title="Agents", agents=agents, logins=_logins(request, agents))
    )


async def install_agent(request: web.Request) -> web.StreamResponse:
    """POST /settings/agents/{name}/install: begins it; the page follows through events."""
    await begin_installation(request)
    return back_to(request, _PLACE, "install-started")


async def remove_agent(request: web.Request) -> web.StreamResponse:
    """POST /settings/agents/{name}/remove."""
    await device_of(request).agents.remove(agent_of(request))
    return back_to(request, _PLACE, "agent-removed")


async def begin_login(request: web.Request) -> web.StreamResponse:
    """POST /settings/agents/{name}/login: begins it; the page follows through events."""
    agent = agent_of(request)
    note(request).target = agent
    await device_of(request).agent_logins.begin(agent, patience=0)
    return back_to(request, _PLACE, "agent-login")


async def enter_code(request: web.Request) -> web.StreamResponse:
    """POST /settings/agents/{name}/login/code: types what the vendor's page gave the person."""
    agent = agent_of(request)
    note(request).target = agent
    show_refusals(request, _page)
    form = await read_form(request, CodeForm)
    await device_of(request).agent_logins.enter(agent, form.code.get_secret_value())
    return back_to(request, _PLACE, "agent-code")


async def keep_key(request: web.Request) -> web.StreamResponse:
    """POST /settings/agents/keys."""
    show_refusals(request, _page)
    form = await read_form(request, KeyForm)
    statuses = await device_of(request).agents.statuses()
    status = next((status for status in statuses if status.agent == form.agent), None)
    if status is None:
        raise Problem(ProblemCode.INVALID_REQUEST, "Choose one of the agent CLIs.", {"field": "agent"})
    await put_key(request, status.agent, form.key.get_secret_value(), form.variable.strip() or None)
    return back_to(request, _PLACE, "agent-key")


async def forget_key(request: web.Request) -> web.StreamResponse:
    """POST /settings/agents/{name}/key/remove."""
    await drop_key(request, agent_of(request))
    return back_to(request, _PLACE, "agent-key-removed")


async def _page(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    agents = await device_of(request).agents.statuses(logins=True)
    view = AgentsView(
        title="Agents",
        place="agents",
        places=places_for(request),
        agents=agents,
        logins=_logins(request, agents),
        form=state,
        key_choices=[
            (agent.agent, f"{agent.title} ({agent.key_variables[0]})") for agent in agents if agent.key_variables
        ],
        other_variables=", ".join(sorted({name for agent in agents for name in agent.key_variables[1:]})),
    )
    return render(request, "settings/agents.html", view, status=status)


def _logins(request: web.Request, agents: Sequence[AgentStatus]) -> Sequence[LoginCard]:
    """The logins under way, for those who may answer them: who sees an address may lead it to an account of theirs."""
    may_answer = identity_of(request).person.role.may(Role.OPERATOR) and shows(request, "agents", "terminals")
    if not may_answer:
        return ()
    found = ((agent, device_of(request).agent_logins.state(agent.agent)) for agent in agents)
    return [_card(agent, state) for agent, state in found if state is not None and state.state != "ended"]


def _card(agent: AgentStatus, state: LoginState) -> LoginCard:
    address = state.address
    host = address.split("/")[2] if address else ""
    return LoginCard(agent.agent, agent.title, state, host, qr(address, error="l") if address else None)
