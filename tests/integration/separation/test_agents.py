"""Agent CLIs in an account of their own: their sessions, hooks, keys and installations, with a whole device."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import psutil

from tests.integration.agents.scripted import KEY, variables
from tests.integration.agents.test_installing import packed
from tests.integration.separation.accounts import (
    AGENTS,
    DAEMON,
    ROOT,
    Accounts,
    as_daemon,
    environment,
    processes_of,
    python,
)
from tests.integration.separation.device import SECONDS
from tests.integration.separation.talking import Talking, talking
from tests.integration.separation.test_attacks import SECRET, plant

OTHER_KEY = "sk-of-nobody-else-9876543210fedcba"


async def started(one: Talking, agent: str, folder: str) -> tuple[str, dict[str, str]]:
    """A session with an agent CLI in a folder of its own; its id and the environment of its program."""
    place = one.accounts.work / folder
    await asyncio.to_thread(place.mkdir)
    await asyncio.to_thread(os.chown, place, AGENTS.pw_uid, AGENTS.pw_uid)
    session = await one.device.session(name=folder, agent=agent, workdir=folder)
    found = place / "environment"
    async with asyncio.timeout(SECONDS):
        # The program answers what is typed once it reads, and it writes before it reads.
        while not await asyncio.to_thread(found.exists) or not await asyncio.to_thread(found.read_text):
            await one.device.screen(session)
    return session, variables(found)


async def becomes(one: Talking, session: str, status: str) -> dict[str, Any]:
    """Wait until a session is at something."""
    async with asyncio.timeout(SECONDS):
        while (found := await one.ask("GET", f"/api/sessions/{session}"))["status"] != status:
            pass
    info: dict[str, Any] = found
    return info


async def hooks_work(one: Talking, session: str) -> None:
    """Run hooks from inside and see the status follow them."""
    await one.device.type(session, "working {}")
    await becomes(one, session, "working")
    await one.device.type(session, 'waiting {"asks": "May I?"}')
    assert (await becomes(one, session, "waiting"))["waiting_for"] == "May I?"
    await one.device.type(session, "idle {}")
    assert (await becomes(one, session, "idle"))["waiting_for"] is None


async def test_a_cli_works_as_the_agents_and_its_hooks_are_heard(housed: Accounts) -> None:
    async with talking(housed) as one:
        session, environ = await started(one, "opencode", "here")
        assert (housed.work / "here" / "account").read_text().strip() == str(AGENTS.pw_uid)
        assert (environ["HOME"], environ["USER"]) == (str(housed.home), AGENTS.pw_name)
        await hooks_work(one, session)
        assert (housed.home / ".config" / "opencode" / "opencode.json").stat().st_uid == AGENTS.pw_uid
        assert one.foreign(housed.home) == set()
        await asyncio.to_thread(one.device.process.kill)
        await asyncio.to_thread(one.device.process.start)
        await hooks_work(one, session)


async def test_what_an_agent_puts_in_the_place_of_its_hooks_does_no_harm(housed: Accounts) -> None:
    outside = plant(housed.base / "of-the-daemon", DAEMON)
    async with talking(housed) as one:
        session, environ = await started(one, "opencode", "here")
        fifo = environ["HUTCH_HOOK"]
        shell = await one.device.session(name="shell")
        traps = (
            f"ln -s {outside} {fifo}",
            f"ln -s {housed.data}/hutch.db {fifo}",
            f"ln -s /dev/full {fifo}",
            f"echo mine > {fifo}",
            f"mkfifo -m 600 {fifo}",
        )
        for number, trap in enumerate(traps):
            await one.device.type(shell, f"rm -f {fifo}; {trap}; echo trap $(({number}+100))")
            await one.device.shows(shell, f"trap {number + 100}")
            # The program's own hook goes there now, and neither waits nor fails.
            await one.device.type(session, "working {}")
            assert (await one.device.call("GET", "/health")).status == 200
            await asyncio.to_thread(one.device.process.kill)
            await asyncio.to_thread(one.device.process.start)
            await hooks_work(one, session)
        assert await asyncio.to_thread(outside.read_text) == SECRET

        await one.device.type(shell, f"rm -f {fifo}; mkdir -p {fifo}/x; echo trap $((100+100))")
        await one.device.shows(shell, "trap 200")
        await asyncio.to_thread(one.device.process.kill)
        await asyncio.to_thread(one.device.process.start)
        await asyncio.to_thread(one.device.process.until_logged, "hooks are not heard")
        assert (await one.device.call("DELETE", f"/api/sessions/{session}")).status == 200


def everything_said(one: Talking) -> str:
    """All arguments of all processes of both accounts, what the daemon logged and its own environment. Blocks."""
    words = []
    for process in processes_of(AGENTS.pw_uid, DAEMON):
        try:
            words += process.cmdline()
        except psutil.Error:
            continue
    environ = Path(f"/proc/{one.device.process.pid}/environ").read_bytes().decode()
    return "\n".join([*words, *one.device.process.logged, environ])


async def test_a_key_goes_to_the_process_of_its_cli_and_nowhere_else(housed: Accounts) -> None:
    async with talking(housed) as one:
        for agent, key in (("claude-code", KEY), ("opencode", OTHER_KEY)):
            assert (await one.device.call("PUT", f"/api/agents/{agent}/key", {"key": key})).status < 300
        _, claude = await started(one, "claude-code", "one")
        _, opencode = await started(one, "opencode", "two")
        assert claude["ANTHROPIC_API_KEY"] == KEY
        assert opencode["ANTHROPIC_API_KEY"] == OTHER_KEY
        assert KEY not in json.dumps(opencode)
        assert OTHER_KEY not in json.dumps(claude)
        talk = await one.begin()
        process = psutil.Process(int(await one.do(talk, "pid")))
        assert process.environ()["ANTHROPIC_API_KEY"] == OTHER_KEY
        shell = await one.device.session(name="shell")
        await one.device.type(shell, 'env > shell-environment; echo "key:$ANTHROPIC_API_KEY:"')
        await one.device.shows(shell, "key::")
        plain = await asyncio.to_thread((housed.work / "shell-environment").read_text)
        # What the agents' account can read is every file of theirs, and what lies between the accounts.
        found = await asyncio.to_thread(everything_said, one)
        for text in (plain, found):
            assert KEY not in text
            assert OTHER_KEY not in text
        for file in [housed.data / "hutch.db", *housed.shared.rglob("*")]:
            if file.is_file():
                content = await asyncio.to_thread(file.read_bytes)
                assert KEY.encode() not in content
                assert OTHER_KEY.encode() not in content


async def test_a_cli_is_installed_as_the_agents(housed: Accounts) -> None:
    packages = housed.base / "packages"
    await asyncio.to_thread(packages.mkdir)
    cli = await asyncio.to_thread(packed, packages)
    broker = housed.broker(housed.at_home())
    prefix = housed.home / "agents"
    words = ["-m", "tests.integration.separation.install", str(housed.broker_socket), str(prefix), str(cli.source)]
    more = {"npm_config_offline": "true", "npm_config_cache": str(housed.home / "cache")}
    try:
        done = await asyncio.to_thread(
            subprocess.run,
            [*housed.at_home(), *as_daemon(), str(python()), *words],
            env=environment(housed.data, more), cwd=ROOT, capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {"version": "1.2.3", "installed": True}
        owners = {entry.lstat().st_uid for entry in (prefix, *prefix.rglob("*"))}
        assert owners == {AGENTS.pw_uid}
        assert (prefix / "bin" / "tiny").exists()
    finally:
        broker.terminate()
        await asyncio.to_thread(broker.wait)
