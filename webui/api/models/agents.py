"""Agent CLIs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from foundation.web.models import Answer, Body
from gateway.agents.login import LoginState
from gateway.agents.types import AgentName, AgentStatus, Login


class AgentAnswer(Answer):
    """An agent CLI; ``version`` is what the program prints, ``pinned`` what an installation would bring."""

    agent: AgentName
    title: str
    binary: str
    installed: bool
    version: str | None
    pinned: str
    ours: bool = Field(description="Whether Hutch installed it, and so can remove it.")
    built_in: bool = Field(description="Whether it came with the device's system.")
    converses: bool = Field(description="Whether conversations can be held with it.")
    installing: bool
    login: Login = Field(description="By its vendor's own login, with a key that is kept here, or not at all.")
    key_variable: str | None = Field(description="The variable in which it gets the key that is kept for it.")
    key_variables: list[str] = Field(description="Those in which it takes a key, the usual one first.")

    @classmethod
    def of(cls, status: AgentStatus) -> AgentAnswer:
        """The answer that shows an agent CLI."""
        return cls(
            agent=status.agent,
            title=status.title,
            binary=status.binary,
            installed=status.installed,
            version=status.version,
            pinned=status.pinned,
            ours=status.ours,
            built_in=status.built_in,
            converses=status.converses,
            installing=status.installing,
            login=status.login,
            key_variable=status.key_variable,
            key_variables=list(status.key_variables),
        )


class AgentsAnswer(Answer):
    """The agent CLIs this device knows."""

    agents: list[AgentAnswer]


class InstallAnswer(Answer):
    """An installation that began; its progress and its end come as events."""

    agent: AgentName
    state: Literal["started"] = "started"


class NewAgentKey(Body):
    """An API key. It is kept sealed, given to this CLI alone, and never shown again."""

    key: Annotated[SecretStr, Field(min_length=1, max_length=4096)]
    variable: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, description="One of the CLI's `key_variables`; left out, the first."
    )


class LoginAnswer(Answer):
    """A login of an agent CLI, which runs in a session."""

    agent: str
    session_id: str
    state: Literal["started", "address", "ended"]
    address: str | None = Field(description="The vendor's page to open, once the program has shown it.")
    code: str | None = Field(description="What that page asks for, where the program shows one.")

    @classmethod
    def of(cls, state: LoginState) -> LoginAnswer:
        """The answer that shows a login."""
        return cls(
            agent=state.agent,
            session_id=state.session_id,
            state=state.state,
            address=state.address,
            code=state.code,
        )
