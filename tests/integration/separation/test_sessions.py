"""The tests of sessions, once more with agents in another account than the daemon's."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.integration.separation.accounts import AGENTS, ROOT, Accounts, as_daemon, environment, python
from tests.integration.sessions.two_accounts import VARIABLE

SESSIONS = Path("tests") / "integration" / "sessions"
NEEDS_OUR_OWN = (
    "cancelled_while_a_client_starts",
    "exit_code_of_a_signal",
    "joins_over_ssh",
    "replay",
    "tmux_killed_from_outside",
    "detached_control_client",
    "folder_with_signs",
    "another_device_with_a_session",
    "ended_while_no_daemon_ran",
)
"""Tests that reach into tmux, its programs or its folder by themselves, which another account may not."""


def test_sessions_work_the_same(accounts: Accounts) -> None:
    broker = accounts.broker()
    try:
        others = " and ".join(f"not {name}" for name in NEEDS_OUR_OWN)
        command = [*as_daemon(), str(python()), "-m", "pytest", str(SESSIONS), "-k", others, "-p", "no:cacheprovider"]
        shared = {VARIABLE: f"{AGENTS.pw_uid}:{accounts.shared}"}
        done = subprocess.run(
            [*command, f"--basetemp={accounts.data / 'tmp'}"],
            cwd=ROOT,
            env=environment(accounts.data, shared),
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    finally:
        broker.terminate()
        broker.wait(10)
