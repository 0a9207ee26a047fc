"""The agent CLIs of this device: which are there, how they are started, and installing them."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from gateway.agents import npm, trees
from gateway.agents.catalog import CATALOG, AgentCli, cli_named, session_variables
from gateway.agents.lines import Throttle, beating
from gateway.agents.processes import Finished, run
from gateway.agents.types import AgentName, AgentStatus
from gateway.agents.versions import printed_version
from gateway.events.publisher import Publisher
from gateway.events.types import AgentInstalled, AgentInstallFailed, AgentInstallProgress
from gateway.host.errnos import problems_of
from protocol.problems import Problem, ProblemCode

INSTALL_SECONDS = 900.0
"""How long npm may take; a slow card on a slow line needs minutes."""
CHECK_SECONDS = 90.0
"""How long ``--version`` may take the first time, with cold caches on a Pi 3."""


class Agents:
    """The agent CLIs below ``prefix``, and those the machine has by itself.

    Implements :class:`gateway.agents.commands.AgentCommands`. ``launch`` is put before every program that is run here,
    where agents are another user than the daemon.
    """

    def __init__(
        self,
        prefix: Path,
        bus: Publisher,
        *,
        catalog: Mapping[str, AgentCli] = CATALOG,
        launch: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prefix = prefix
        self._bus = bus
        self._catalog = catalog
        self._launch = tuple(launch)
        self._clock = clock
        self._found: dict[str, trees.Found | None] | None = None
        self._installing: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    def command(self, agent: str) -> Sequence[str]:
        """What starts a CLI in a terminal. Raises AGENT_MISSING when it is not installed.

        Answers from what the last :meth:`refresh` found; the bootstrap calls that once, before sessions begin.
        """
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
        return (str(found.program), *cli.arguments)

    def environment(self) -> Mapping[str, str]:
        """PATH with the CLIs in front, and the variables they need."""
        path = os.environ.get("PATH", os.defpath)
        return {**session_variables(self._catalog), "PATH": f"{self._prefix / 'bin'}:{path}"}

    async def refresh(self) -> None:
        """Look which CLIs are there. Starts no program."""
        self._found = await asyncio.to_thread(self._look)

    async def statuses(self) -> list[AgentStatus]:
        """Every CLI of the catalog. Starts no program."""
        await self.refresh()
        return [self._status(cli) for cli in self._catalog.values()]

    async def install(self, agent: str) -> AgentStatus:
        """Install the pinned version of a CLI and see that it runs; a working one stays in use until then.

        Tells its progress, its end and its failure as events. Raises INSTALL_FAILED, DISK_FULL, PERMISSION_DENIED,
        TIMEOUT, or CONFLICT while the same CLI is being installed already; another one waits for its turn. Cancelling
        leaves nothing behind.
        """
        cli = cli_named(self._catalog, agent)
        if agent in self._installing:
            raise Problem(ProblemCode.CONFLICT, f"{cli.title} is being installed already. Wait for it to finish.")
        self._installing.add(agent)
        try:
            async with self._one_at_a_time:
                await self._install(cli)
        except Problem as problem:
            self._bus.publish(AgentInstallFailed(agent=agent, code=problem.code.value, message=problem.message))
            raise
        finally:
            self._installing.discard(agent)
        await self.refresh()
        status = self._status(cli)
        self._bus.publish(AgentInstalled(agent=agent, version=status.version))
        return status

    def _look(self) -> dict[str, trees.Found | None]:
        return {cli.name: trees.find(self._prefix, cli) for cli in self._catalog.values()}

    def _status(self, cli: AgentCli) -> AgentStatus:
        found = (self._found or {}).get(cli.name)
        return AgentStatus(
            agent=cast(AgentName, cli.name),
            title=cli.title,
            binary=cli.binary,
            installed=found is not None,
            version=found.version if found else None,
            pinned=cli.version,
        )

    async def _install(self, cli: AgentCli) -> None:
        program = await asyncio.to_thread(npm.npm_program)
        with problems_of("the folder for agent CLIs"):
            await asyncio.to_thread(self._need_space, cli)
            partial = await asyncio.to_thread(trees.begin, self._prefix, cli)
            try:
                await self._fill(program, cli, partial)
                await self._check(cli, partial)
                await asyncio.to_thread(trees.commit, self._prefix, cli, partial)
            except BaseException:
                await asyncio.shield(asyncio.to_thread(trees.discard, partial))
                raise
        self._tell(cli, f"{cli.title} {cli.version} is installed.")

    def _need_space(self, cli: AgentCli) -> None:
        needed, free = cli.disk_mb * 2, trees.free_mb(self._prefix)
        if free < needed:
            raise Problem(
                ProblemCode.DISK_FULL,
                f"{cli.title} needs {needed} MB of free disk to install; there are {free} MB. Remove something first.",
                {"needed_mb": needed, "free_mb": free},
            )

    async def _fill(self, program: str, cli: AgentCli, partial: Path) -> None:
        await self._check_node(cli, partial)
        self._tell(cli, f"Downloading {cli.package} {cli.version}, about {cli.disk_mb} MB.")
        async with beating(lambda line: self._tell(cli, line)):
            done = await self._run(npm.install_command(program, cli, partial), partial, INSTALL_SECONDS, cli)
        if done.code != 0:
            raise npm.failure(cli, done.lines)
        if cli.setup:
            self._tell(cli, "Setting it up.")
            done = await self._run(cli.setup, trees.package_folder(partial, cli), INSTALL_SECONDS, cli)
            if done.code != 0:
                raise npm.failure(cli, done.lines)

    async def _check_node(self, cli: AgentCli, partial: Path) -> None:
        done = await self._run(("node", "--version"), partial, CHECK_SECONDS, cli)
        version = printed_version("\n".join(done.lines))
        if version is None or int(version.split(".")[0]) < cli.node_major:
            raise Problem(
                ProblemCode.INSTALL_FAILED,
                f"{cli.title} needs Node {cli.node_major} or newer, and this device has {version or 'none'}. "
                "Install a newer Node and try again.",
                {"agent": cli.name},
            )

    async def _check(self, cli: AgentCli, partial: Path) -> None:
        self._tell(cli, "Checking that it runs.")
        program = str(trees.program_of(partial, cli))
        done = await self._run((program, "--version"), partial, CHECK_SECONDS, cli)
        version = printed_version("\n".join(done.lines)) if done.code == 0 else None
        if version != cli.version:
            said = version or (done.lines or ("nothing",))[-1]
            raise Problem(
                ProblemCode.INSTALL_FAILED,
                f"{cli.title} was brought but does not run as version {cli.version}: it says {said}. "
                "The one before, if there was one, stays in use.",
                {"agent": cli.name, "expected": cli.version, "found": version},
            )

    async def _run(self, command: Sequence[str], folder: Path, seconds: float, cli: AgentCli) -> Finished:
        variables = {**npm.environment(), **session_variables({cli.name: cli})}
        echo = Throttle(lambda line: self._tell(cli, line), self._clock)
        try:
            return await run(
                (*self._launch, *command), folder=folder, environment=variables, seconds=seconds, on_line=echo
            )
        except FileNotFoundError as error:
            raise Problem(
                ProblemCode.INSTALL_FAILED,
                f"{cli.title} was not installed: {Path(command[0]).name} is not there. Install Node 20 or newer.",
                {"agent": cli.name},
            ) from error
        except TimeoutError:
            raise Problem(
                ProblemCode.TIMEOUT,
                f"{cli.title} was not installed within {seconds:.0f} seconds. Check the network and try again.",
                {"agent": cli.name},
            ) from None

    def _tell(self, cli: AgentCli, line: str) -> None:
        self._bus.publish(AgentInstallProgress(agent=cli.name, line=line))
