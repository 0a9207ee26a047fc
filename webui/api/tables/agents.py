"""Agent CLIs: installing, logging in, keys."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api import agents
from webui.api.models import agents as agent_models
from webui.api.tables.sizes import SMALL

AGENT_ROUTES: Final[list[Route[Role]]] = [
    Route("GET", "/api/agents", agents.list_agents, Role.VIEWER, "List agent CLIs", answer=agent_models.AgentsAnswer),
    Route(
        "POST",
        "/api/agents/{name}/install",
        agents.install_agent,
        Role.OPERATOR,
        "Install an agent CLI",
        "agent.install",
        answer=agent_models.InstallAnswer,
        status=202,
        max_body=SMALL,
    ),
    Route(
        "DELETE",
        "/api/agents/{name}",
        agents.remove_agent,
        Role.OPERATOR,
        "Remove an agent CLI",
        "agent.remove",
        status=204,
    ),
    Route(
        "PUT",
        "/api/agents/{name}/key",
        agents.keep_key,
        Role.ADMIN,
        "Keep an API key for an agent CLI",
        "agent.key",
        body=agent_models.NewAgentKey,
        answer=agent_models.AgentAnswer,
        max_body=2 * SMALL,
    ),
    Route(
        "DELETE",
        "/api/agents/{name}/key",
        agents.forget_key,
        Role.ADMIN,
        "Forget the API key of an agent CLI",
        "agent.key_removed",
        status=204,
    ),
    Route(
        "POST",
        "/api/agents/{name}/login",
        agents.begin_login,
        Role.OPERATOR,
        "Log an agent CLI in",
        "agent.login",
        answer=agent_models.LoginAnswer,
        status=201,
        max_body=SMALL,
    ),
    Route(
        "GET",
        "/api/agents/{name}/login",
        agents.show_login,
        Role.OPERATOR,
        "How the login of an agent CLI stands",
        answer=agent_models.LoginAnswer,
    ),
]
