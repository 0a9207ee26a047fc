"""Installing with the real npm, from packages that are packed on the spot: no network is used."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.agents import installing
from gateway.agents.cli import Adapter, AgentCli, Place, Start, Talk, Ways
from gateway.agents.installer import Agents
from gateway.agents.pins import Pin
from gateway.conversations.types import Permission
from gateway.events.types import AgentInstalled, AgentInstallFailed, AgentInstallProgress, AnyEvent
from gateway.programs.own import OwnPrograms
from gateway.programs.running import Running
from protocol.problems import Problem, ProblemCode

TINY = AgentCli(
    "tiny",
    "Tiny",
    "tiny",
    "@hutch-tests/tiny",
    "1.2.3",
    disk_mb=1,
    node_major=18,
    arguments=("--ask",),
    environment={"TINY_QUIET": "1"},
    setup=("node", "setup.cjs"),
)
PROGRAM = "#!/usr/bin/env node\nconsole.log(require('./ready.json').version, process.env.TINY_QUIET);\n"
SETUP = """const {version} = require('./package.json');
require('fs').writeFileSync('ready.json', JSON.stringify({version: `tiny ${version}`}));
"""
HANGS = "console.log('hanging'); setInterval(() => {}, 1000);\n"


def packed(folder: Path, cli: AgentCli = TINY, *, program: str = PROGRAM, setup: str = SETUP) -> AgentCli:
    """The CLI with a package of its own, as a tarball."""
    source = folder / f"source-{len(list(folder.iterdir()))}"
    source.mkdir()
    (source / "package.json").write_text(
        json.dumps(
            {
                "name": cli.package,
                "version": cli.version,
                "bin": {cli.binary: "cli.js"},
                "scripts": {"preinstall": "touch foreign-script-ran", "postinstall": "touch foreign-script-ran"},
            }
        )
    )
    (source / "cli.js").write_text(program)
    (source / "setup.cjs").write_text(setup)
    done = subprocess.run(["npm", "pack", "--silent"], cwd=source, check=True, capture_output=True, text=True)
    return replace(cli, source=str(source / done.stdout.strip()))


class Told:
    """The events of an installation, and a wait for a line."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def publish(self, event: AnyEvent) -> None:
        self.events.append(event)
        if isinstance(event, AgentInstallProgress):
            self.lines.append(event.line)
        self._news.set()

    async def line(self, text: str) -> None:
        async with asyncio.timeout(60):
            while text not in self.lines:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    return tmp_path / "agents"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


def printed(command: list[str], variables: Mapping[str, str]) -> str:
    done = subprocess.run(command, env={**os.environ, **variables}, check=True, capture_output=True, text=True)
    return done.stdout.strip()


async def refusal(agents: Agents) -> Problem:
    with pytest.raises(Problem) as refused:
        await agents.install("tiny")
    return refused.value


def trees(prefix: Path) -> list[str]:
    return sorted(entry.name for entry in prefix.iterdir()) if prefix.exists() else []


async def test_a_cli_is_installed_checked_and_found(prefix: Path, packages: Path, told: Told) -> None:
    agents = Agents(prefix, told, catalog={"tiny": packed(packages)})
    (before,) = await agents.statuses()
    assert (before.installed, before.version, before.pinned) == (False, None, "1.2.3")
    with pytest.raises(Problem) as missing:
        agents.command("tiny")
    assert missing.value.code is ProblemCode.AGENT_MISSING

    status = await agents.install("tiny")
    assert (status.installed, status.version, status.title, status.binary) == (True, "1.2.3", "Tiny", "tiny")
    program, *arguments = agents.command("tiny")
    assert arguments == ["--ask"]
    assert printed([program], agents.environment()) == "tiny 1.2.3 1"
    assert printed(["bash", "-c", "tiny"], agents.environment()) == "tiny 1.2.3 1"
    assert [line for line in told.lines if line.endswith(".")][:3] == [
        "Downloading @hutch-tests/tiny 1.2.3, about 1 MB.",
        "Setting it up.",
        "Checking that it runs.",
    ]
    assert told.lines[-1] == "Tiny 1.2.3 is installed."
    last = told.events[-1]
    assert isinstance(last, AgentInstalled)
    assert (last.agent, last.version) == ("tiny", "1.2.3")
    assert list(prefix.rglob("foreign-script-ran")) == []

    restarted = Agents(prefix, told, catalog={"tiny": TINY})
    assert await restarted.statuses() == [status]


async def test_a_new_version_takes_over_and_a_bad_one_does_not(prefix: Path, packages: Path, told: Told) -> None:
    await Agents(prefix, told, catalog={"tiny": packed(packages)}).install("tiny")
    newer = packed(packages, replace(TINY, version="1.3.0"))
    agents = Agents(prefix, told, catalog={"tiny": newer})
    assert (await agents.install("tiny")).version == "1.3.0"
    working = printed([agents.command("tiny")[0]], agents.environment())

    bad = packed(packages, replace(TINY, version="2.0.0"), program="#!/usr/bin/env node\nconsole.log('1.9.9')\n")
    problem = await refusal(Agents(prefix, told, catalog={"tiny": bad}))
    assert problem.code is ProblemCode.INSTALL_FAILED
    assert problem.details == {"agent": "tiny", "expected": "2.0.0", "found": "1.9.9"}
    failing = packed(
        packages, replace(TINY, version="2.0.1"), setup="console.error('no such platform'); process.exit(1)"
    )
    problem = await refusal(Agents(prefix, told, catalog={"tiny": failing}))
    assert "no such platform" in problem.message

    assert printed([agents.command("tiny")[0]], agents.environment()) == working == "tiny 1.3.0 1"
    (status,) = await agents.statuses()
    assert status.version == "1.3.0"
    assert len([name for name in trees(prefix) if name.startswith("tiny-")]) == 1


async def test_a_cancelled_installation_leaves_nothing(prefix: Path, packages: Path, told: Told) -> None:
    agents = Agents(prefix, told, catalog={"tiny": packed(packages, setup=HANGS)})
    installing = asyncio.create_task(agents.install("tiny"))
    await told.line("hanging")
    assert (await refusal(agents)).code is ProblemCode.CONFLICT
    assert not any(isinstance(event, AgentInstallFailed) for event in told.events), "the one that runs has not failed"
    installing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await installing
    assert trees(prefix) == []
    (status,) = await agents.statuses()
    assert not status.installed


async def test_a_program_that_hangs_runs_into_the_limit(
    prefix: Path, packages: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "CHECK_SECONDS", 3.0)
    agents = Agents(prefix, told, catalog={"tiny": packed(packages, program=f"#!/usr/bin/env node\n{HANGS}")})
    assert (await refusal(agents)).code is ProblemCode.TIMEOUT
    assert trees(prefix) == []


async def test_a_package_that_is_not_there_is_said_so(prefix: Path, told: Told) -> None:
    cli = replace(TINY, source=None, package="@hutch-tests/not-in-any-cache")
    problem = await refusal(Agents(prefix, told, catalog={"tiny": cli}))
    assert problem.code is ProblemCode.INSTALL_FAILED
    assert trees(prefix) == []
    last = told.events[-1]
    assert isinstance(last, AgentInstallFailed)
    assert (last.agent, last.code, last.message) == ("tiny", "install_failed", problem.message)


async def test_without_room_npm_is_not_even_started(prefix: Path, told: Told) -> None:
    agents = Agents(prefix, told, catalog={"tiny": replace(TINY, disk_mb=10**9)})
    problem = await refusal(agents)
    assert problem.code is ProblemCode.DISK_FULL
    assert told.lines == []
    assert trees(prefix) == []


async def test_an_old_node_is_said_so(prefix: Path, told: Told) -> None:
    problem = await refusal(Agents(prefix, told, catalog={"tiny": replace(TINY, node_major=999)}))
    assert problem.code is ProblemCode.INSTALL_FAILED
    assert "needs Node 999" in problem.message


async def test_without_npm_it_says_what_to_do(prefix: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(prefix))
    problem = await refusal(Agents(prefix, told, catalog={"tiny": TINY}))
    assert problem.code is ProblemCode.INSTALL_FAILED
    assert "Install Node" in problem.message


class Marked(OwnPrograms):
    """Starts programs with a mark, as another account would be one."""

    async def start(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], stdin: int, stdout: int,
        stderr: int,
    ) -> Running:  # fmt: skip
        marked = {**environment, "TINY_ACCOUNT": "agents"}
        return await super().start(
            command, folder=folder, environment=marked, stdin=stdin, stdout=stdout, stderr=stderr
        )


async def test_everything_is_started_in_the_account_of_the_agents(prefix: Path, packages: Path, told: Told) -> None:
    program = "#!/usr/bin/env node\nconsole.log(process.env.TINY_ACCOUNT === 'agents' ? '1.2.3' : 'ours');\n"
    agents = Agents(prefix, told, catalog={"tiny": packed(packages, program=program)}, programs=Marked())
    assert (await agents.install("tiny")).version == "1.2.3"


class Refusing(OwnPrograms):
    """An account that may not run npm."""

    async def start(
        self, command: Sequence[str], *, folder: Path, environment: Mapping[str, str], stdin: int, stdout: int,
        stderr: int,
    ) -> Running:  # fmt: skip
        if command[0] == "npm":
            raise PermissionError(13, "Permission denied")
        return await super().start(
            command, folder=folder, environment=environment, stdin=stdin, stdout=stdout, stderr=stderr
        )


async def test_an_account_that_may_not_run_npm_is_told_so(prefix: Path, packages: Path, told: Told) -> None:
    problem = await refusal(Agents(prefix, told, catalog={"tiny": packed(packages)}, programs=Refusing()))
    assert problem.code is ProblemCode.PERMISSION_DENIED
    assert "may not run npm" in problem.message
    assert trees(prefix) == []


async def test_what_was_installed_is_removed_and_what_was_not_is_not(prefix: Path, packages: Path, told: Told) -> None:
    agents = Agents(prefix, told, catalog={"tiny": packed(packages)})
    await agents.install("tiny")
    await agents.remove("tiny")
    assert trees(prefix) == ["bin"]
    assert list((prefix / "bin").iterdir()) == []
    assert told.events[-1].type == "agent.removed"
    (status,) = await agents.statuses()
    assert not status.installed
    with pytest.raises(Problem) as refused:
        await agents.remove("tiny")
    assert refused.value.code is ProblemCode.NOT_FOUND


SPEAKS = """#!/usr/bin/env node
process.stdin.once('data', (line) => {
  const { id, method } = JSON.parse(line);
  const found = process.env.TINY_PROGRAM && require('fs').existsSync(process.env.TINY_PROGRAM);
  if (method === 'initialize' && found) {
    console.log(JSON.stringify({ jsonrpc: '2.0', id, result: { protocolVersion: 1 } }));
  } else {
    console.log('no program');
    process.exit(1);
  }
});
"""


class Talks(Ways):
    """A CLI that another package speaks for."""

    def conversation(self, place: Place, permission: Permission, model: str | None) -> Talk | None:
        if place.adapter is None:
            return None
        return Talk(Start((str(place.adapter),), {"TINY_PROGRAM": str(place.program)}))


def with_adapter(packages: Path, program: str = SPEAKS) -> AgentCli:
    """Tiny with what speaks for it, which would like to bring a second copy of it."""
    speaker = packed(packages, replace(TINY, package="@hutch-tests/speaker", binary="speaker"), program=program)
    adapter = Adapter(Pin("@hutch-tests/speaker", "1.2.3"), "speaker", speaker.source)
    return replace(packed(packages), adapter=adapter, ways=Talks())


async def test_what_speaks_for_a_cli_is_installed_with_it_and_has_to_speak(
    prefix: Path, packages: Path, told: Told
) -> None:
    agents = Agents(prefix, told, catalog={"tiny": with_adapter(packages)})
    status = await agents.install("tiny")
    assert status.converses
    launch = await agents.conversation("tiny", folder=packages, permission=Permission.ASK)
    assert launch.command == (str(prefix / "tiny" / "acp" / "node_modules" / ".bin" / "speaker"),)
    assert launch.environment["TINY_PROGRAM"] == str(prefix / "tiny" / "node_modules" / ".bin" / "tiny")

    dumb = with_adapter(packages, "#!/usr/bin/env node\nconsole.log('what?');\n")
    problem = await refusal(Agents(prefix, told, catalog={"tiny": dumb}))
    assert problem.code is ProblemCode.INSTALL_FAILED
    assert "does not speak: it says what?" in problem.message
    assert printed(["bash", "-c", "tiny"], agents.environment()) == "tiny 1.2.3 1"
