"""One installation, from an empty folder to a program that has shown that it runs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import DEVNULL

from gateway.agents import npm, trees
from gateway.agents.account import AgentsFiles
from gateway.agents.cli import AgentCli, Place, Start
from gateway.agents.lines import Throttle, beating
from gateway.agents.processes import Finished
from gateway.agents.registry import session_variables
from gateway.agents.versions import printed_version
from gateway.conversations.types import Permission
from protocol.problems import Problem, ProblemCode

INSTALL_SECONDS = 900.0
"""How long npm may take; a slow card on a slow line needs minutes."""
CHECK_SECONDS = 90.0
"""How long ``--version`` may take the first time, with cold caches on a Pi 3."""
_HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": 1, "clientCapabilities": {}},
}
"""https://agentclientprotocol.com/protocol/initialization"""


class Installation:
    """Brings one CLI below ``prefix``. ``tell`` gets lines of progress."""

    def __init__(
        self,
        cli: AgentCli,
        prefix: Path,
        account: AgentsFiles,
        tell: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._cli = cli
        self._prefix = prefix
        self._account = account
        self._tell = tell
        self._clock = clock

    async def run(self) -> None:
        """Install it. The tree that was in use stays so until the new one has shown that it runs.

        Raises:
            Problem: INSTALL_FAILED, DISK_FULL, PERMISSION_DENIED, TIMEOUT, UNAVAILABLE.
        """
        cli, what = self._cli, "The folder for agent CLIs"
        await asyncio.to_thread(npm.need_npm)
        await asyncio.to_thread(self._need_space)
        name = trees.partial_name(cli)
        here = {"prefix": str(self._prefix), "name": cli.name, "tree": name, "binary": cli.binary}
        await self._account.ask(what, "begin", **here)
        try:
            partial = self._prefix / name
            await self._fill(partial)
            await self._check(partial)
            if cli.adapter is not None:
                await self._bring_adapter(partial)
            await self._account.ask(what, "commit", **here)
        except BaseException:
            await asyncio.shield(self._account.ask(what, "discard", **here))
            raise
        self._tell(f"{cli.title} {cli.version} is installed.")

    def _need_space(self) -> None:
        needed, free = self._cli.disk_mb * 2, trees.free_mb(self._prefix)
        if free < needed:
            raise Problem(
                ProblemCode.DISK_FULL,
                f"{self._cli.title} needs {needed} MB of free disk to install; there are {free} MB. "
                "Remove something first.",
                {"needed_mb": needed, "free_mb": free},
            )

    async def _fill(self, partial: Path) -> None:
        cli = self._cli
        await self._check_node(partial)
        self._tell(f"Downloading {cli.package} {cli.version}, about {cli.disk_mb} MB.")
        await self._bring(npm.install_command(cli, partial), partial)
        if cli.setup:
            self._tell("Setting it up.")
            await self._bring(cli.setup, trees.package_folder(partial, cli))

    async def _bring(self, command: Sequence[str], folder: Path) -> None:
        async with beating(self._tell):
            done = await self._run(command, folder, INSTALL_SECONDS)
        if done.code != 0:
            raise npm.failure(self._cli, done.lines)

    async def _check_node(self, partial: Path) -> None:
        cli = self._cli
        done = await self._run(("node", "--version"), partial, CHECK_SECONDS)
        version = printed_version("\n".join(done.lines))
        if version is None or int(version.split(".")[0]) < cli.node_major:
            raise Problem(
                ProblemCode.INSTALL_FAILED,
                f"{cli.title} needs Node {cli.node_major} or newer, and this device has {version or 'none'}. "
                "Install a newer Node and try again.",
                {"agent": cli.name},
            )

    async def _check(self, partial: Path) -> None:
        cli = self._cli
        self._tell("Checking that it runs.")
        done = await self._run((str(trees.program_of(partial, cli)), "--version"), partial, CHECK_SECONDS)
        version = printed_version("\n".join(done.lines)) if done.code == 0 else None
        if version != cli.version:
            said = version or (done.lines or ("nothing",))[-1]
            raise Problem(
                ProblemCode.INSTALL_FAILED,
                f"{cli.title} was brought but does not run as version {cli.version}: it says {said}. "
                "The one before, if there was one, stays in use.",
                {"agent": cli.name, "expected": cli.version, "found": version},
            )

    async def _bring_adapter(self, partial: Path) -> None:
        cli, folder = self._cli, trees.adapter_folder(partial)
        adapter, program = cli.adapter, trees.adapter_of(partial, cli)
        assert adapter is not None  # noqa: S101 - the caller looked
        self._tell(f"Downloading {adapter.pin.package} {adapter.pin.version} for conversations.")
        await self._bring(npm.adapter_command(adapter, folder), partial)
        self._tell("Checking that conversations can be held.")
        place = Place(trees.program_of(partial, cli), program, partial, self._account.home, partial, {})
        talk = cli.ways.conversation(place, Permission.ASK, None)
        last = await self._speaks(talk.start, partial) if talk is not None else "nothing"
        if last is not None:
            raise Problem(
                ProblemCode.INSTALL_FAILED,
                f"{cli.title} was brought, but {adapter.pin.package} does not speak: it says {last}. "
                "The one before, if there was one, stays in use.",
                {"agent": cli.name},
            )

    async def _speaks(self, start: Start, folder: Path) -> str | None:
        """None when a program answers the greeting, else the last that it said."""
        answered = asyncio.Event()

        def heard(line: str) -> None:
            if '"protocolVersion"' in line:
                answered.set()

        read_end, write_end = os.pipe()
        try:
            await asyncio.to_thread(os.write, write_end, f"{json.dumps(_HELLO)}\n".encode())
            # Its input stays open meanwhile: at its end it would leave without an answer.
            running = asyncio.create_task(
                self._run(start.command, folder, CHECK_SECONDS, start=start, stdin=read_end, on_line=heard)
            )
            hearing = asyncio.create_task(answered.wait())
            try:
                await asyncio.wait((running, hearing), return_when=asyncio.FIRST_COMPLETED)
                return None if answered.is_set() else ((await running).lines or ("nothing",))[-1]
            finally:
                await _cancelled(running, hearing)
        finally:
            os.close(read_end)
            os.close(write_end)

    async def _run(
        self,
        command: Sequence[str],
        folder: Path,
        seconds: float,
        *,
        start: Start | None = None,
        stdin: int = DEVNULL,
        on_line: Callable[[str], None] | None = None,
    ) -> Finished:
        cli = self._cli
        variables = {**npm.environment(), "HOME": str(self._account.home), **session_variables({cli.name: cli})}
        variables |= start.environment if start else {}
        try:
            return await self._account.run(
                command, folder=folder, environment=variables, seconds=seconds,
            on_line=on_line or Throttle(self._tell, self._clock), stdin=stdin,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise Problem(
                ProblemCode.INSTALL_FAILED,
                f"{cli.title} was not installed: {Path(command[0]).name} is not there. Install Node 20 or newer.",
                {"agent": cli.name},
            ) from error
        except PermissionError as error:
            raise Problem(
                ProblemCode.PERMISSION_DENIED,
                f"{cli.title} was not installed: the agents' account may not run {Path(command[0]).name}. Put Node "
                "where every account may run it.",
                {"agent": cli.name},
            ) from error
        except TimeoutError:
            raise Problem(
                ProblemCode.TIMEOUT,
                f"{cli.title} was not installed within {seconds:.0f} seconds. Check the network and try again.",
                {"agent": cli.name},
            ) from None


async def _cancelled(*tasks: asyncio.Task[Finished] | asyncio.Task[bool]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
