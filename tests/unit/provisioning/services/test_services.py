"""Services as text: what systemd and launchd read of them."""

from __future__ import annotations

import dataclasses
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from provisioning.services.kinds import KINDS
from provisioning.services.types import Service

HUTCH = Service(
    name="hutch",
    description="Hutch, 100 % itself",
    command=("/opt/my hutch/bin/python", "-m", "appliance.cli.entry", "run", "--data", '/var/lib/a "quoted" $HOME'),
    environment={"HUTCH_SHELL": "/bin/sh", "WORDS": "one two"},
    log=Path("/var/log/hutch.log"),
    sessions_inside=True,
)


def test_launchd_reads_what_was_meant() -> None:
    read = plistlib.loads(KINDS["launchd"].render(HUTCH).encode())
    assert read == {
        "Label": "local.hutch",
        "ProgramArguments": list(HUTCH.command),
        "EnvironmentVariables": dict(HUTCH.environment),
        "StandardOutPath": "/var/log/hutch.log",
        "StandardErrorPath": "/var/log/hutch.log",
        "RunAtLoad": True,
        "KeepAlive": True,
        "ThrottleInterval": 2,
        "ExitTimeOut": 15,
        "ProcessType": "Interactive",
        "AbandonProcessGroup": True,
    }


def test_launchd_has_daemons_for_accounts_and_agents_for_people() -> None:
    kind, of_account = KINDS["launchd"], dataclasses.replace(HUTCH, user="_hutch")
    assert kind.path(HUTCH) == Path("~/Library/LaunchAgents/local.hutch.plist")
    assert kind.path(of_account) == Path("/Library/LaunchDaemons/local.hutch.plist")
    assert kind.install(of_account) == (
        ("launchctl", "bootstrap", "system", "/Library/LaunchDaemons/local.hutch.plist"),
    )
    assert kind.remove(HUTCH) == (("launchctl", "bootout", "gui/$UID/local.hutch"),)
    assert plistlib.loads(kind.render(of_account).encode())["UserName"] == "_hutch"


def test_systemd_gets_every_word_as_it_is() -> None:
    text = KINDS["systemd"].render(dataclasses.replace(HUTCH, user="hutch"))
    lines = text.splitlines()
    assert 'Environment="WORDS=one two"' in lines
    assert "Description=Hutch, 100 %% itself" in lines
    assert "User=hutch" in lines
    assert "KillMode=process" in lines
    start = next(line for line in lines if line.startswith("ExecStart="))
    assert start.endswith('run --data "/var/lib/a \\"quoted\\" $$HOME"')
    assert start.startswith('ExecStart="/opt/my hutch/bin/python" -m')


def test_systemd_understands_it(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    assert analyze is not None, "make test installs systemd"
    unit = tmp_path / "hutch.service"
    unit.write_text(KINDS["systemd"].render(dataclasses.replace(HUTCH, command=("/bin/true", "a b", "100%", "$x"))))
    done = subprocess.run(
        [analyze, "verify", "--man=no", "--recursive-errors=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "hutch" in line] == []


@pytest.mark.parametrize("kind", ["systemd"])
def test_a_line_break_does_not_become_a_setting(kind: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        KINDS[kind].render(dataclasses.replace(HUTCH, description="Hutch\nExecStartPre=/bin/rm"))
