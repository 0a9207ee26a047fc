"""Making a CLI ready to start: its key, its settings, our hooks, the command."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import structlog

from gateway.agents.account import AgentsFiles
from gateway.agents.acp import AcpLaunch
from gateway.agents.cli import AgentCli, LoginWay, Merge, OwnFile, Place, Start
from gateway.agents.hook_program import HOOK_PROGRAM
from gateway.agents.registry import session_variables
from gateway.agents.trees import Found
from gateway.conversations.types import Permission
from protocol.problems import Problem, ProblemCode

_log = structlog.get_logger(__name__)
_OURS = ("PATH", "HOME")
"""What the environment of a worker does not change."""


class Keys(Protocol):
    """Who has the API keys; :class:`gateway.agents.keys.AgentKeys`."""

    async def environment(self, agent: str) -> Mapping[str, str]:
        """The key of a CLI in its variable."""


class Starting:
    """Puts together how CLIs start."""

    def __init__(self, prefix: Path, account: AgentsFiles, keys: Keys | None) -> None:
        self._prefix = prefix
        self._account = account
        self._keys = keys

    async def terminal(self, cli: AgentCli, found: Found, folder: Path, environment: Mapping[str, str]) -> Start:
        """How it starts in a terminal, and the whole of its environment. What ``environment`` has wins."""
        place = self._place(cli, found, folder, {**await self._key(cli), **environment})
        ready = await self._ready(cli, place)
        start = cli.ways.terminal(place, cli.arguments, hooks=ready)
        return Start(start.command, {**start.environment, **place.variables})

    async def login(self, cli: AgentCli, found: Found, folder: Path, environment: Mapping[str, str]) -> Start:
        """How its vendor's own login starts, without any key; as it starts otherwise where it has none."""
        way = cli.ways.login or LoginWay((), (), ())
        place = self._place(cli, found, folder, environment)
        await self._ready(cli, place)
        if way.arguments:
            return Start((str(place.program), *way.arguments), {**way.environment, **environment})
        start = cli.ways.terminal(place, cli.arguments, hooks=True)
        return Start(start.command, {**start.environment, **way.environment, **environment})

    async def conversation(
        self,
        cli: AgentCli,
        found: Found,
        *,
        folder: Path,
        permission: Permission,
        model: str | None,
        environment: Mapping[str, str],
    ) -> AcpLaunch:
        """How it starts to speak ACP.

        Raises:
            Problem: AGENT_MISSING where what speaks ACP for it is not there.
        """
        own = {name: value for name, value in environment.items() if name not in _OURS}
        base = await asyncio.to_thread(self._base, cli)
        place = self._place(cli, found, folder, {**base, **await self._key(cli), **own})
        talk = cli.ways.conversation(place, permission, model)
        if talk is None:
            raise Problem(
                ProblemCode.AGENT_MISSING,
                f"{cli.title} cannot hold conversations yet: a part of it is missing. Install it again under Agents.",
                {"agent": cli.name},
            )
        await self._ready(cli, place)
        return AcpLaunch(
            cli=cli.name,
            command=talk.start.command,
            environment={**talk.start.environment, **place.variables},
            mode=talk.modes.get(permission),
            modes=talk.modes,
            model=talk.model,
            model_option=talk.model_option,
            quirks=cli.ways.quirks,
        )

    def path(self) -> str:
        """PATH with the CLIs in front."""
        return f"{self._prefix / 'bin'}:{os.environ.get('PATH', os.defpath)}"

    def _place(self, cli: AgentCli, found: Found, folder: Path, variables: Mapping[str, str]) -> Place:
        return Place(found.program, found.adapter, self._prefix / "hutch", self._account.home, folder, variables)

    async def _key(self, cli: AgentCli) -> Mapping[str, str]:
        return await self._keys.environment(cli.name) if self._keys is not None else {}

    def _base(self, cli: AgentCli) -> dict[str, str]:
        home = self._account.home
        user = pwd.getpwuid(home.stat().st_uid).pw_name
        return {
            **{"HOME": str(home), "USER": user, "LOGNAME": user, "SHELL": "/bin/sh", "LANG": "C.UTF-8"},
            **session_variables({cli.name: cli}),
            "PATH": self.path(),
        }

    async def _ready(self, cli: AgentCli, place: Place) -> bool:
        """Put our files and its settings in place; False where that did not work, which keeps nobody from starting."""
        files = [self._file(self._prefix / "bin", HOOK_PROGRAM)]
        files += [self._file(place.home if file.at_home else place.own, file) for file in cli.ways.files()]
        merges = [self._merge(merge) for merge in cli.ways.merges(place)]
        try:
            left = await self._account.ask(f"The settings of {cli.title}", "place", files=files, merges=merges)
        except Problem as problem:
            _log.warning("an agent CLI could not be made ready", agent=cli.name, problem=str(problem))
            return False
        if left:
            _log.warning("settings of an agent CLI are not valid JSON and were left alone", agent=cli.name)
        return True

    def _file(self, folder: Path, file: OwnFile) -> dict[str, object]:
        return {"path": str(folder / file.name), "text": file.text, "executable": file.executable}

    def _merge(self, merge: Merge) -> dict[str, object]:
        home = self._account.home
        return {
            "path": str(home / merge.path),
            "absent": merge.absent,
            "set": merge.set,
            "append": {where: list(texts) for where, texts in merge.append.items()},
            "unless": [str(home / path) for path in merge.unless],
        }
