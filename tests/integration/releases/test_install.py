"""install.sh and cleanup.sh on a whole machine: its accounts, its files, the daemon in its release folder."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from tests.integration.releases.machine import Machine
from tests.integration.releases.makers import NEVER_STARTS, NO_SESSIONS, Maker, tar
from tests.tooling.tracked import ROOT

pytestmark = pytest.mark.timeout(500)


def bring(box: Machine, bundle: Path, *, patience: int = 60) -> str:
    """Put a release with its install.sh on the machine; where it lies there."""
    for name in (bundle.name, "install.sh"):
        box.copy(bundle.parent / name, f"/root/{name}")
    env = box.root / "etc/hutch/hutch.env"
    env.parent.mkdir(exist_ok=True)
    env.write_text(f"HUTCH_TRIAL_SECONDS={patience}\n")
    return f"/root/{bundle.name}"


def install(box: Machine, release: str, *more: str, check: bool = True) -> str:
    """Run install.sh; all that it said."""
    listen = f"--listen=127.0.0.1:{box.port}".split("=")
    seconds = {"HUTCH_INSTALL_SECONDS": "60"}
    done = box.run("sh", "/root/install.sh", "--from", release, *listen, *more, check=check, **seconds)
    assert (done.returncode == 0) is check, done.stdout + done.stderr
    return done.stdout + done.stderr


def health(box: Machine) -> dict[str, object]:
    """What the device page says, once the daemon is up."""
    box.run("sh", "-c", "timeout 60 sh -c 'until hutch status; do :; done'", check=False)
    with urllib.request.urlopen(f"http://127.0.0.1:{box.port}/health", timeout=10) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


def test_a_device_is_installed_used_updated_and_taken_away(box: Machine, maker: Maker) -> None:
    said = install(box, bring(box, maker.release("1.0.0")), "--hub", "http://127.0.0.1:9")
    assert health(box)["version"] == "1.0.0"
    code = (box.root / "var/lib/hutch/setup-code").read_text().strip()
    assert code in said
    assert f":{box.port}" in said
    settings = (box.root / "etc/hutch/hutch.toml").read_text()
    assert 'agent_user = "agent"' in settings
    assert 'hub = "http://127.0.0.1:9"' in settings

    # Agents work in another account, which cannot read the device's data.
    assert "hutch 1.0.0" in box.run("hutch", "--version").stdout
    box.run("hutch", "user", "add", "ada", "--role", "admin", "--password-stdin", check=False)
    box.run("hutch", "session", "new", "work")
    assert box.run("pgrep", "-x", "-u", "agent", "tmux: server").stdout
    denied = box.run("setpriv", "--reuid=agent", "--regid=agent", "--clear-groups", "ls", "/var/lib/hutch", check=False)
    assert denied.returncode != 0

    # Run again, it changes nothing and restarts nothing.
    calls = box.root / "run/fake-systemd/calls"
    calls.write_text("")
    assert "installed already" in install(box, "/root/hutch-1.0.0.bundle")
    assert "restart" not in calls.read_text()

    # People's files stay, and nothing else.
    (box.root / "home/agent/work/novel.txt").write_text("chapter one")
    said = box.run("sh", "/usr/local/lib/hutch/cleanup.sh").stdout
    assert "/home/agent" in said
    assert (box.root / "home/agent/work/novel.txt").read_text() == "chapter one"
    assert box.run("stat", "-c", "%U", "/home/agent/work/novel.txt").stdout.strip() == "root"
    assert not (box.root / "etc/hutch").exists()
    assert box.everything() == set()
    assert box.run("getent", "passwd", "hutch", "agent", check=False).stdout == ""
    assert "hutch" not in box.run("ps", "-eo", "args").stdout.replace("fake_systemd", "")


def test_a_factory_reset_by_root_leaves_peoples_files_and_the_system(box: Machine, maker: Maker) -> None:
    install(box, bring(box, maker.release("1.0.0")))
    first = (box.root / "var/lib/hutch/setup-code").read_text()
    agent = box.root / "home/agent"
    used = "cd /home/agent && mkdir -p work/novel .claude && echo one >work/novel/one.txt && echo key >.claude/login"
    box.run("setpriv", "--reuid=agent", "--regid=agent", "--clear-groups", "sh", "-c", used)
    # Without a bus nobody restarts the machine, and so nothing is reset.
    refused = box.run("hutch", "reset", "--name", box.run("hostname").stdout.strip(), check=False)
    assert refused.returncode == 1
    assert "D-Bus" in refused.stderr
    assert not (box.root / "var/lib/hutch/factory-reset-wanted").exists()

    for wish, files in (("", ["novel"]), ("workspace", [])):
        box.run("systemctl", "stop", "hutch.service", "hutch-agents.service")
        ask = f"echo {wish} >/var/lib/hutch/factory-reset-wanted"
        box.run("setpriv", "--reuid=hutch", "--regid=hutch", "--clear-groups", "sh", "-c", ask)
        box.run("/usr/lib/hutch/factory-reset")
        assert list((box.root / "var/lib/hutch").iterdir()) == []
        assert [path.name for path in agent.iterdir()] == ["work"]
        assert [path.name for path in (agent / "work").iterdir()] == files
        box.run("systemctl", "start", "hutch-agents.service", "hutch.service")
        assert health(box)["version"] == "1.0.0"
        assert (box.root / "var/lib/hutch/setup-code").read_text() != first
        box.run("hutch", "session", "new", "work")
    assert len((box.root / "var/log/hutch-factory-reset.log").read_text().splitlines()) == 2


def test_agents_may_share_the_daemons_account(box: Machine, maker: Maker) -> None:
    install(box, bring(box, maker.release("1.0.0")), "--single-user")
    assert "agent_user" not in (box.root / "etc/hutch/hutch.toml").read_text()
    box.run("hutch", "session", "new", "work")
    assert box.run("pgrep", "-x", "-u", "hutch", "tmux: server").stdout

    # Sessions outlive the daemon here too.
    box.run("systemctl", "restart", "hutch.service")
    assert box.run("pgrep", "-x", "-u", "hutch", "tmux: server").stdout

    (box.root / "var/lib/hutch/workspace/novel.txt").write_text("chapter one")
    box.run("sh", "/usr/local/lib/hutch/cleanup.sh")
    assert (box.root / "var/lib/hutch/workspace/novel.txt").read_text() == "chapter one"
    assert sorted(path.name for path in (box.root / "var/lib/hutch").iterdir()) == ["workspace"]


def test_an_installation_that_fails_leaves_nothing(box: Machine, maker: Maker) -> None:
    before = box.everything()
    release = bring(box, maker.release("1.0.0", NEVER_STARTS), patience=3)
    (box.root / "etc/hutch/hutch.env").unlink()
    (box.root / "etc/hutch").rmdir()
    said = install(box, release, check=False)
    assert "journalctl -u hutch" in said
    assert "taking back" in said
    assert box.everything() == before
    assert box.run("getent", "passwd", "hutch", "agent", check=False).stdout == ""


def test_a_release_of_somebody_else_is_refused_before_anything_is_done(
    box: Machine, maker: Maker, tmp_path: Path
) -> None:
    before = box.everything()
    ours, other = maker.release("1.0.0"), Maker(tmp_path / "other", maker.shared)
    other.write_public_key(tmp_path / "other.pem")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    tar("-xf", ours, "-C", folder)
    archive = folder / "hutch-1.0.0.tar.gz"
    box.copy(ours.parent / "install.sh", "/root/install.sh")
    box.copy(ROOT / "install.sh", "/root/unfilled.sh")
    box.copy(archive, "/root/hutch-1.0.0.tar.gz")
    box.copy(tmp_path / "other.pem", "/root/other.pem")

    def refusal(script: str = "install.sh", *words: str) -> str:
        done = box.run("sh", f"/root/{script}", "--from", "/root/hutch-1.0.0.tar.gz", *words, check=False)
        assert done.returncode == 1
        return done.stderr

    assert "cannot be read" in refusal()
    signature = box.root / "root/hutch-1.0.0.tar.gz.sig"
    signature.write_text("hutch release 1\nversion 1.0.0\n")
    assert "not signed" in refusal()
    signature.write_bytes((folder / "hutch-1.0.0.tar.gz.sig").read_bytes())
    assert "knows no key" in refusal("unfilled.sh")
    assert "another key" in refusal("unfilled.sh", "--key", "/root/other.pem")
    signature.write_text(signature.read_text().replace("version 1.0.0", "version 1.0.1"))
    assert "signature is wrong" in refusal()
    signature.write_bytes((folder / "hutch-1.0.0.tar.gz.sig").read_bytes())
    with (box.root / "root/hutch-1.0.0.tar.gz").open("ab") as file:
        file.write(b"more")
    assert "changed after it was signed" in refusal()
    assert box.everything() == before


def test_a_newer_release_is_tried_and_a_bad_one_taken_back(box: Machine, maker: Maker) -> None:
    install(box, bring(box, maker.release("1.0.0")))
    install(box, bring(box, maker.release("1.1.0")))
    assert health(box)["version"] == "1.1.0"
    said = install(box, bring(box, maker.release("1.2.0", NO_SESSIONS), patience=3), check=False)
    assert "taken back" in said, said
    assert "starts no sessions" in said
    assert health(box)["version"] == "1.1.0"
