"""The files with which a device is installed: what systemd, polkit and the kernel make of them."""

from __future__ import annotations

import json
import pwd
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from appliance.config import Settings
from appliance.layout import Layout
from gateway.programs.wire import SOCKET
from tests.tooling.tracked import ROOT

PACKAGING = ROOT / "packaging"
UNITS = ("hutch.service", "hutch-agents.service")


def settings_of(unit: str) -> dict[str, list[str]]:
    """The settings of a unit, by name."""
    found: dict[str, list[str]] = {}
    for line in (PACKAGING / unit).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("unit", "allowed"), [("hutch.service", 3.0), ("hutch-agents.service", 4.0), ("hutch-factory-reset.service", 3.0)]
)
def test_units_are_hardened(unit: str, allowed: float) -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(PACKAGING / unit))
    found = re.search(r"exposure level for \S+ ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= allowed, done.stdout


@pytest.mark.parametrize("unit", [*UNITS, "hutch-agents.socket", "hutch-factory-reset.service"])
def test_systemd_understands_the_units(unit: str) -> None:
    done = analyze("verify", "--man=no", "--recursive-errors=no", str(PACKAGING / unit))
    # The program is not here; what is complained of beside that is ours to mend.
    about = [line for line in done.stderr.splitlines() if "hutch" in line and "is not executable" not in line]
    assert about == []


def test_the_daemon_can_do_what_the_kernel_needs_for_telling_accounts_apart() -> None:
    """In a user namespace of its own every other account would look the same to it."""
    assert settings_of("hutch.service")["PrivateUsers"] == ["no"]
    assert "PrivateUsers" not in settings_of("hutch-agents.service")


def test_sessions_outlive_the_broker() -> None:
    assert settings_of("hutch-agents.service")["KillMode"] == ["process"]
    assert "PrivateTmp" not in settings_of("hutch-agents.service")


def test_the_socket_lies_where_the_daemon_looks_and_only_it_may_open_it() -> None:
    socket = settings_of("hutch-agents.socket")
    assert socket["ListenStream"] == [SOCKET]
    assert (socket["SocketUser"], socket["SocketMode"]) == (["hutch"], ["0600"])


def test_accounts_and_folders_are_those_of_the_units(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = re.findall(r"^u (\S+)", (PACKAGING / "sysusers.d" / "hutch.conf").read_text(), re.MULTILINE)
    assert [settings_of(unit)["User"][0] for unit in UNITS] == declared
    folders = re.findall(r"^d (\S+)", (PACKAGING / "tmpfiles.d" / "hutch.conf").read_text(), re.MULTILINE)
    agent = pwd.struct_passwd(("agent", "x", 61_000, 61_000, "", "/home/agent", "/bin/bash"))
    monkeypatch.setattr(pwd, "getpwnam", {"agent": agent}.__getitem__)
    layout = Layout.of(Settings(agent_user="agent"))
    assert {str(layout.workspace), str(layout.agents), str(layout.sockets)} <= set(folders)
    assert str(layout.data) == "/var/lib/hutch"


POLKIT = """
const fs = require("fs"), vm = require("vm");
const rules = [];
const Result = {YES: "yes", NO: "no", NOT_HANDLED: "not handled"};
const polkit = {Result, addRule: rule => rules.push(rule)};
vm.runInNewContext(fs.readFileSync(process.argv[1], "utf8"), {polkit});
const asked = JSON.parse(process.argv[2]);
const answers = asked.map(([user, id, details]) =>
  rules.map(rule => rule({id, lookup: key => (details || {})[key]}, {user}))[0]);
process.stdout.write(JSON.stringify(answers));
"""


def polkit(*asked: tuple[str, str, dict[str, str]]) -> list[str]:
    """What the rules, as they are, answer to (account, action, details)."""
    rules = PACKAGING / "polkit" / "50-hutch.rules"
    node = shutil.which("node")
    assert node is not None
    command = [node, "-e", POLKIT, str(rules), json.dumps(asked)]
    answers: list[str] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return answers


REBOOT = "org.freedesktop.login1.reboot"
MANAGE = "org.freedesktop.systemd1.manage-units"


def test_an_agent_may_nothing_over_dbus() -> None:
    actions = (REBOOT, MANAGE, "org.freedesktop.policykit.exec", "org.freedesktop.udisks2.filesystem-mount")
    assert polkit(*(("agent", action, {"unit": "hutch.service", "verb": "stop"}) for action in actions)) == ["no"] * 4


def test_the_daemon_may_what_it_needs_and_people_what_the_system_says() -> None:
    assert polkit(
        ("hutch", REBOOT, {}),
        ("hutch", MANAGE, {"unit": "hutch-agents.service", "verb": "restart"}),
        ("hutch", MANAGE, {"unit": "ssh.service", "verb": "restart"}),
        ("hutch", MANAGE, {"unit": "hutch.service", "verb": "set-property"}),
        ("hutch", "org.freedesktop.policykit.exec", {}),
        ("hutch", "org.freedesktop.systemd1.manage-unit-files", {}),
        ("anna", REBOOT, {}),
    ) == ["yes", "yes", "no", "no", "no", "no", "not handled"]


def test_updates_are_not_for_agents() -> None:
    """RAUC's own policy lets everybody install."""
    policies = {
        policy.get("user"): [(rule.tag, rule.get("send_destination")) for rule in policy]
        for policy in ET.parse(PACKAGING / "dbus" / "hutch.conf").getroot().iter("policy")  # noqa: S314 - our own file
    }
    assert policies == {
        "agent": [("deny", "de.pengutronix.rauc")],
        "hutch": [("allow", "de.pengutronix.rauc")],
    }
