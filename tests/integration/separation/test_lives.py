"""A device with two accounts through a day: kills of either side, ends, and a broker that is not there."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from appliance import separation
from appliance.checks import account
from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from appliance.separation import agents_account, refuse_within_reach
from gateway.programs.calls import PATIENCE
from gateway.programs.types import User
from protocol.problems import Problem, ProblemCode
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
from tests.integration.separation.device import SECONDS, Device, device

GAMES = User(AGENTS.pw_uid, AGENTS.pw_name, Path(AGENTS.pw_dir), AGENTS.pw_shell)


def agents_processes(one: Device) -> list[str]:
    """What runs in the agents' account, beside the broker."""
    broker = one.broker.pid if one.broker is not None else None
    return sorted(" ".join(process.cmdline()) for process in processes_of(AGENTS.pw_uid) if process.pid != broker)


async def test_a_session_outlives_a_killed_daemon(accounts: Accounts) -> None:
    async with device(accounts) as one:
        session = await one.session()
        await one.type(session, "echo before $((1+1))")
        await one.shows(session, "before 2")
        before = await asyncio.to_thread(agents_processes, one)
        await asyncio.to_thread(one.process.kill)
        await asyncio.to_thread(one.process.start)
        assert "before 2" in await one.screen(session)
        await one.type(session, "echo after $((1+1))")
        await one.shows(session, "after 2")
        # The control client of the daemon before goes, and nothing else.
        async with asyncio.timeout(SECONDS):
            while await asyncio.to_thread(agents_processes, one) != before:
                pass
        state = [process.uids().real for process in processes_of(DAEMON) if process.pid == one.process.pid]
        assert state == [DAEMON]


async def test_a_session_goes_on_without_the_broker_and_ends_with_the_next(accounts: Accounts) -> None:
    async with device(accounts) as one:
        session = await one.session()
        await one.type(session, "echo begun $((1+1))")
        await one.shows(session, "begun 2")
        await asyncio.to_thread(one.end_broker)
        await one.type(session, "echo alone $((1+1))")
        await one.shows(session, "alone 2")
        refused = await one.call("POST", "/api/sessions", {"name": "second"})
        assert (refused.status, refused.code) == (503, "unavailable")
        one.start_broker()
        # Whoever asks meanwhile is made to wait for the new broker, not refused.
        await one.session(name="second")
        assert (await one.call("DELETE", f"/api/sessions/{session}")).status == 200


async def test_the_doctor_sees_whether_agents_are_kept_apart(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with device(accounts) as one:
        settings = Settings(data=accounts.data, agent_user=AGENTS.pw_name, broker=accounts.broker_socket)

        def found() -> Finding:
            return account.check(settings, Layout.of(settings))

        assert (await asyncio.to_thread(found)).verdict is Verdict.OK
        await asyncio.to_thread(accounts.data.chmod, 0o755)
        assert (await asyncio.to_thread(found)).verdict is Verdict.FAIL
        await asyncio.to_thread(accounts.data.chmod, 0o700)
        await asyncio.to_thread(one.end_broker)
        monkeypatch.setattr("gateway.programs.calls.PATIENCE", 0.1)
        away = await asyncio.to_thread(found)
        assert away.verdict is Verdict.FAIL
        assert "hutch-agents" in away.text


async def test_an_ended_session_leaves_nothing(accounts: Accounts) -> None:
    async with device(accounts) as one:
        before = await asyncio.to_thread(agents_processes, one)
        session = await one.session()
        code = "import os,time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); time.sleep(900)"
        await one.type(
            session, f'{python()} -c "{code}"; (trap "" TERM HUP; sleep 901) & sleep 902 & echo all $((1+1))'
        )
        await one.shows(session, "all 2")
        assert len(await asyncio.to_thread(agents_processes, one)) > len(before) + 4
        assert (await one.call("DELETE", f"/api/sessions/{session}")).status == 200
        assert await asyncio.to_thread(agents_processes, one) == before


async def test_without_a_broker_the_device_does_not_start(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PATIENCE < separation.BROKER_SECONDS
    monkeypatch.setattr(separation, "BROKER_SECONDS", 0.3)
    with pytest.raises(Problem) as refused:
        await agents_account(GAMES, accounts.broker_socket, {})
    assert refused.value.code is ProblemCode.UNAVAILABLE
    assert "systemctl restart hutch-agents" in refused.value.message


@pytest.mark.usefixtures("possible")
def test_the_broker_refuses_root() -> None:
    command = [str(python()), "-m", "appliance.cli.entry", "broker", "--socket", "/nowhere/broker.sock"]
    done = subprocess.run(command, env=environment(Path("/")), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "never as root" in done.stderr


def test_a_data_folder_below_the_agents_home_is_refused(accounts: Accounts) -> None:
    data = accounts.home / "data"
    data.mkdir()
    with pytest.raises(Problem, match="may rename it"):
        refuse_within_reach(data, GAMES)
    refuse_within_reach(accounts.data, GAMES)


@pytest.mark.usefixtures("possible")
def test_whoever_joins_a_session_has_the_agents_rights(accounts: Accounts) -> None:
    """A tmux client does what its server tells it to, as root too if it is root's."""
    code = (
        "import os; from pathlib import Path; from appliance.separation import become; "
        "from gateway.programs.types import User; "
        f"become(User({AGENTS.pw_uid}, {AGENTS.pw_name!r}, Path('/'), '/bin/sh')); "
        "print(os.getresuid(), os.getresgid(), os.getgroups()); os.setuid(0)"
    )
    done = subprocess.run(
        [str(python()), "-c", code], env=environment(Path("/")), cwd=ROOT, capture_output=True, text=True, check=False
    )
    ours = (AGENTS.pw_uid,) * 3, (AGENTS.pw_gid,) * 3, os.getgrouplist(AGENTS.pw_name, AGENTS.pw_gid)
    assert done.stdout == f"{ours[0]} {ours[1]} {ours[2]}\n"
    assert "PermissionError" in done.stderr
    other = subprocess.run(
        [*as_daemon(), str(python()), "-c", code],
        env=environment(Path("/")), cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "sudo" in other.stderr
    assert other.stdout == ""
