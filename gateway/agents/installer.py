"""The agent CLIs of this device: which are there, how they are started, and installing them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from gateway.agents import trees
from gateway.agents.account import AgentsFiles
from gateway.agents.acp import AcpLaunch
from gateway.agents.cli import AgentCli, LoginWay, Start
from gateway.agents.installing import Installation
from gateway.agents.keys import AgentKeys
from gateway.agents.registry import CATALOG, cli_named, session_variables
from gateway.agents.starting import Starting
from gateway.agents.types import AgentName, AgentStatus, Login
from gateway.conversations.types import Permission
from gateway.events.publisher import Publisher
from gateway.events.types import AgentInstalled, AgentInstallFailed, AgentInstallProgress, AgentRemoved
from gateway.programs.own import OwnPrograms
from gateway.programs.types import Programs
from protocol.problems import Problem, ProblemCode


class Agents:
    """The agent CLIs below ``prefix``, and those the machine has by itself.

    Implements :class:`gateway.agents.commands.AgentCommands` and :class:`gateway.agents.acp.AcpCommands`. ``programs``
    None starts them in our own account; without ``keys`` no CLI gets a key.
    """

    def __init__(
        self,
        prefix: Path,
        bus: Publisher,
        *,
        programs: Programs | None = None,
        keys: AgentKeys | None = None,
        catalog: Mapping[str, AgentCli] = CATALOG,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefix = prefix
        self._bus = bus
        self._catalog = catalog
        self._account = AgentsFiles(programs or OwnPrograms())
        self._keys = keys
        self._starting = Starting(prefix, self._account, keys)
        self._clock = clock
        self._found: dict[str, trees.Found | None] | None = None
        self._installing: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    def command(self, agent: str) -> Sequence[str]:
        """What starts a CLI in a terminal. Raises AGENT_MISSING when it is not installed.

        Answers from what the last :meth:`refresh` found; the bootstrap calls that once, before sessions begin.
        """
        cli, found = self._installed(agent)
        return (str(found.program), *cli.arguments)

    def environment(self) -> Mapping[str, str]:
        """PATH with the CLIs in front, and the variables they need."""
        return {**session_variables(self._catalog), "PATH": self._starting.path()}

    async def terminal(self, agent: str, *, folder: Path, environment: Mapping[str, str], login: bool = False) -> Start:
        """How a CLI, or its login, starts in a terminal. Raises AGENT_MISSING, INVALID_REQUEST, UNAVAILABLE."""
        cli, found = self._installed(agent)
        start = self._starting.login if login else self._starting.terminal
        return await start(cli, found, folder, environment)

    async def conversation(
        self,
        cli: str,
        *,
        folder: Path,
        permission: Permission,
        model: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> AcpLaunch:
        """How a CLI starts to speak ACP. Raises AGENT_MISSING, INVALID_REQUEST, UNAVAILABLE."""
        row, found = self._installed(cli)
        return await self._starting.conversation(
            row, found, folder=folder, permission=permission, model=model, environment=environment or {}
        )

    async def refresh(self) -> None:
        """Look which CLIs are there. Starts no program."""
        self._found = await asyncio.to_thread(self._look)

    async def statuses(self, *, logins: bool = False) -> list[AgentStatus]:
        """Every CLI of the catalog, on request with how it is logged in. Starts none of them."""
        await self.refresh()
        if not logins:
            return [self._status(cli) for cli in self._catalog.values()]
        accounts = await self._logged_in()
        return [await self._with_login(self._status(cli), accounts) for cli in self._catalog.values()]

    async def status(self, agent: str) -> AgentStatus:
        """One CLI and how it is logged in. Raises INVALID_REQUEST for an unknown one."""
        cli_named(self._catalog, agent)
        return next(status for status in await self.statuses(logins=True) if status.agent == agent)

    async def install(self, agent: str) -> AgentStatus:
        """Install the pinned version of a CLI and see that it runs; a working one stays in use until then.

        Tells its progress, its end and its failure as events. Raises INSTALL_FAILED, DISK_FULL, PERMISSION_DENIED,
        TIMEOUT, or CONFLICT while the same CLI is being installed already; another one waits for its turn. Cancelling
        leaves nothing behind.
        """
        cli = cli_named(self._catalog, agent)
        self._refuse_installing(cli)
        self._installing.add(agent)
        try:
            async with self._one_at_a_time:
                await Installation(cli, self._prefix, self._account, self._teller(cli), self._clock).run()
        except Problem as problem:
            self._bus.publish(AgentInstallFailed(agent=agent, code=problem.code.value, message=problem.message))
            raise
        finally:
            self._installing.discard(agent)
        await self.refresh()
        status = self._status(cli)
        self._bus.publish(AgentInstalled(agent=agent, version=status.version))
        return status

    async def remove(self, agent: str) -> None:
        """Remove a CLI that Hutch installed; its settings and logins stay.

        Raises:
            Problem: NOT_FOUND when Hutch did not install it, CONFLICT while it is being installed.
        """
        cli = cli_named(self._catalog, agent)
        self._refuse_installing(cli)
        await self.refresh()
        found = (self._found or {}).get(agent)
        if found is None or not found.ours:
            raise Problem(ProblemCode.NOT_FOUND, f"Hutch did not install {cli.title} here, so it cannot remove it.")
        async with self._one_at_a_time:
            here = {"prefix": str(self._prefix), "name": cli.name, "binary": cli.binary}
            await self._account.ask("The folder for agent CLIs", "remove", **here)
        await self.refresh()
        self._bus.publish(AgentRemoved(agent=agent))

    def title(self, agent: str) -> str:
        """A CLI's name in words. Raises INVALID_REQUEST for an unknown one."""
        return cli_named(self._catalog, agent).title

    def login_of(self, agent: str) -> LoginWay:
        """How a CLI is logged in. Raises INVALID_REQUEST for an unknown one, and one that has no login of its own."""
        cli = cli_named(self._catalog, agent)
        if cli.ways.login is None:
            raise Problem(ProblemCode.INVALID_REQUEST, f"{cli.title} has no login of its own. Give it a key.")
        return cli.ways.login

    def _installed(self, agent: str) -> tuple[AgentCli, trees.Found]:
        cli = cli_named(self._catalog, agent)
        if self._found is None:
            self._found = self._look()
        found = self._found.get(agent)
        if found is None:
            raise Problem(
                ProblemCode.AGENT_MISSING,
                f"{cli.title} is not installed on this device. Install it first.",
                {"agent": agent},
            )
        return cli, found

    def _refuse_installing(self, cli: AgentCli) -> None:
        if cli.name in self._installing:
            raise Problem(ProblemCode.CONFLICT, f"{cli.title} is being installed already. Wait for it to finish.")

    def _look(self) -> dict[str, trees.Found | None]:
        return {cli.name: trees.find(self._prefix, cli) for cli in self._catalog.values()}

    async def _logged_in(self) -> frozenset[str]:
        """The CLIs in whose home files a login of their vendor stands."""
        home = self._account.home
        files = {
            str(home / path): cli.name
            for cli in self._catalog.values()
            if cli.ways.login is not None
            for path in cli.ways.login.credentials
        }
        there = await self._account.ask("The logins of agent CLIs", "look", paths=list(files)) if files else []
        found = there if isinstance(there, list) else []
        return frozenset(files[path] for path in found if isinstance(path, str) and path in files)

    async def _with_login(self, status: AgentStatus, accounts: frozenset[str]) -> AgentStatus:
        variable = await self._keys.variable(status.agent) if self._keys is not None else None
        login: Login = "key" if variable else "account" if status.agent in accounts else "none"
        return replace(status, login=login, key_variable=variable)

    def _status(self, cli: AgentCli) -> AgentStatus:
        found = (self._found or {}).get(cli.name)
        return AgentStatus(
            agent=cast(AgentName, cli.name),
            title=cli.title,
            binary=cli.binary,
            installed=found is not None,
            version=found.version if found else None,
            pinned=cli.version,
            ours=found is not None and found.ours,
            converses=found is not None and (cli.adapter is None or found.adapter is not None),
            key_variables=cli.ways.keys,
            installing=cli.name in self._installing,
        )

    def _teller(self, cli: AgentCli) -> Callable[[str], None]:
        return lambda line: self._bus.publish(AgentInstallProgress(agent=cli.name, line=line))
