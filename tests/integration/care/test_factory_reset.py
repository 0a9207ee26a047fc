"""Root's program for factory resets, in a tree of its own: what goes, what stays, what a power cut leaves behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from image.build.tree import ENABLED

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "packaging" / "factory-reset"
HUTCH, AGENT = (64_001, 64_002) if os.getuid() == 0 else (os.getuid(), os.getuid())
"""The accounts of the tree; who is not root has to do with one."""
SETTINGS = """# Settings of this device.
listen = "0.0.0.0:80"
agent_user = "agent"
workspace = "/home/agent/work"
"""


@dataclass
class Tree:
    """A machine's files."""

    root: Path

    def file(self, path: str, owner: int = 0, text: str = "x") -> Path:
        """A file, with the folders above it."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if os.getuid() == 0:
            for one in (file, *file.parents):
                if one == file or any(one.is_relative_to(self.root / top) for top in ("home", "var/lib/hutch")):
                    os.chown(one, owner, owner)
        return file

    def ask(self, text: str) -> None:
        """What the daemon does."""
        (self.root / "var/lib/hutch/factory-reset-wanted").write_text(text)

    @property
    def asked(self) -> bool:
        return (self.root / "var/lib/hutch/factory-reset-wanted").is_symlink() or (
            self.root / "var/lib/hutch/factory-reset-wanted"
        ).exists()

    def start(self, path: str = "") -> subprocess.CompletedProcess[str]:
        """A start of the machine."""
        environment = {"PATH": f"{path}:{os.environ['PATH']}", "HUTCH_RESET_ROOT": str(self.root)}
        return subprocess.run(
            [str(PROGRAM)], env=environment, capture_output=True, text=True, check=False, start_new_session=True
        )

    def files(self) -> set[str]:
        """What there is, without folders and the log."""
        return {
            str(path.relative_to(self.root))
            for path in self.root.rglob("*")
            if path.is_symlink() or (path.is_file() and "var/log" not in str(path))
        }

    @property
    def told(self) -> str:
        return (self.root / "var/log/hutch-factory-reset.log").read_text()


OF_OTHERS = {"etc/passwd", "etc/hutch/hutch.toml", "home/alex/.ssh/authorized_keys", "var/tmp/of-alex"}
OF_PEOPLE = {"home/agent/work/novel/one.txt", "home/agent/work/.hidden"}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A used device."""
    made = Tree(tmp_path / "root")
    passwd = f"root:x:0:0::/root:/bin/sh\nhutch:x:{HUTCH}:{HUTCH}::/var/lib/hutch:/usr/sbin/nologin\n"
    made.file("etc/passwd", 0, f"{passwd}agent:x:{AGENT}:{AGENT}::/home/agent:/bin/bash\nalex:x:1000::/home/alex\n")
    made.file("etc/hutch/hutch.toml", 0, SETTINGS)
    made.file("home/alex/.ssh/authorized_keys", 1000)
    for name in ("hutch.db", "hutch.db-wal", "device-key.json", "sessions/one", ".ssh/authorized_keys", "-rf", "..odd"):
        made.file(f"var/lib/hutch/{name}", HUTCH)
    for name in (
        "work/novel/one.txt",
        "work/.hidden",
        ".claude/login.json",
        ".hutch/agents/bin/codex",
        ".profile",
        "a b\nc",
    ):
        made.file(f"home/agent/{name}", AGENT)
    made.file("var/tmp/of-alex", 1000)
    if HUTCH != AGENT:
        made.file("var/tmp/of-agents/file", AGENT)
        os.chown(made.root / "var/tmp/of-agents", AGENT, AGENT)
    else:
        # Whoever is not root cannot give files to others.
        shutil.rmtree(made.root / "var/tmp")
        made.file("var/lib/keep").unlink()
    (made.root / "var/log").mkdir()
    return made


def left(tree: Tree) -> set[str]:
    """What of others there was."""
    return {name for name in OF_OTHERS if name in tree.files()}


def test_without_a_wish_nothing_happens(tree: Tree) -> None:
    before = tree.files()
    done = tree.start()
    assert (done.returncode, done.stderr) == (0, "")
    assert tree.files() == before


def test_everything_goes_but_peoples_files_and_the_system(tree: Tree) -> None:
    others = left(tree)
    tree.ask("\n")
    done = tree.start()
    assert done.returncode == 0, done.stderr
    assert tree.files() == others | OF_PEOPLE
    assert not tree.asked
    assert re.fullmatch(r"\S+Z The device was reset; people's files in /home/agent/work: kept\.\n", tree.told)
    for folder in ("var/lib/hutch", "home/agent/work"):
        assert (tree.root / folder).is_dir()


def test_peoples_files_go_when_that_is_asked_for(tree: Tree) -> None:
    others = left(tree)
    tree.ask("workspace\n")
    assert tree.start().returncode == 0
    assert tree.files() == others
    assert (tree.root / "home/agent/work").is_dir()
    assert tree.told.endswith("people's files in /home/agent/work: no.\n")


@pytest.mark.parametrize("wish", ["workspace of mine\n", "; rm -rf /\n", "$(id)", "WORKSPACE", "w" * 10_000])
def test_no_other_word_is_believed(tree: Tree, wish: str) -> None:
    tree.ask(wish)
    assert tree.start().returncode == 0
    assert tree.files() >= OF_PEOPLE
    assert not tree.asked


def test_no_link_is_followed(tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("stays")
    for place in ("home/agent/link", "home/agent/.hutch/link", "var/lib/hutch/link"):
        (tree.root / place).symlink_to(outside)
    shutil.rmtree(tree.root / "home/agent/work")
    (tree.root / "home/agent/work").symlink_to(outside)
    os.lchown(tree.root / "home/agent/work", AGENT, AGENT)
    marker = tree.root / "var/lib/hutch/factory-reset-wanted"
    wish = tmp_path / "wish"
    wish.write_text("workspace\n")
    marker.symlink_to(wish)
    assert tree.start().returncode == 0
    assert (outside / "file").read_text() == "stays"
    assert wish.exists()
    # A link is no wish of the daemon's to take people's files, and goes as every file does.
    assert (tree.root / "home/agent/work").is_symlink()
    assert not tree.asked
    tree.ask("workspace")
    assert tree.start().returncode == 0
    assert (outside / "file").read_text() == "stays"
    assert not (tree.root / "home/agent/work").is_symlink()


@pytest.mark.skipif(os.getuid() != 0, reason="files of others are root's to give")
@pytest.mark.parametrize("setting", ['workspace = "/"', 'workspace = "/etc"', 'workspace = "/home"'])
def test_a_folder_that_is_not_the_agents_is_left_alone_and_told(tree: Tree, setting: str) -> None:
    others = left(tree)
    (tree.root / "etc/hutch/hutch.toml").write_text(f'agent_user = "agent"\n{setting}\n')
    os.chown(tree.root / "home", 0, 0)
    tree.ask("workspace\n")
    done = tree.start()
    assert done.returncode == 1
    assert "Could not be taken away: /" in tree.told
    assert left(tree) == others
    assert not tree.asked


def test_without_an_account_for_agents_the_workspace_is_in_the_data_folder(tree: Tree) -> None:
    others = left(tree) | {name for name in tree.files() if name.startswith(("home/agent", "var/tmp"))}
    (tree.root / "etc/hutch/hutch.toml").write_text('listen = "0.0.0.0:80"\n')
    tree.file("var/lib/hutch/workspace/novel/one.txt", HUTCH)
    tree.ask("\n")
    assert tree.start().returncode == 0
    assert tree.files() == others | {"var/lib/hutch/workspace/novel/one.txt"}
    tree.ask("workspace\n")
    assert tree.start().returncode == 0
    assert tree.files() == others


@pytest.mark.parametrize("home", ["/", "/root", "/home/../etc", "/home", ""])
def test_an_odd_home_is_not_emptied(tree: Tree, home: str) -> None:
    passwd = tree.root / "etc/passwd"
    passwd.write_text(passwd.read_text().replace(":/home/agent:", f":{home}:"))
    others = left(tree)
    tree.ask("\n")
    assert tree.start().returncode == 0
    assert left(tree) == others
    assert tree.files() >= OF_PEOPLE | {"home/agent/.profile"}


def power_cut(folder: Path, at: int) -> str:
    """A folder with an ``rm`` before which, at its ``at``-th call, everything stops; to be put on the path."""
    folder.mkdir()
    count = folder / "count"
    count.write_text(str(at))
    rm = folder / "rm"
    rm.write_text(
        f'#!/bin/sh\nleft=$(cat "{count}")\necho "$((left - 1))" >"{count}"\n'
        f'[ "$left" -gt 0 ] || kill -KILL 0\nexec {shutil.which("rm")} "$@"\n'
    )
    rm.chmod(0o755)
    return str(folder)


def test_a_reset_that_is_cut_anywhere_is_gone_on_with(tree: Tree, tmp_path: Path) -> None:
    others = left(tree)
    cuts = 0
    for at in range(60):
        copy = Tree(Path(shutil.copytree(tree.root, tmp_path / f"copy-{at}", symlinks=True)))
        if os.getuid() == 0:
            subprocess.run(["cp", "-a", f"{tree.root}/.", copy.root], check=True)
        copy.ask("workspace\n")
        cut = copy.start(power_cut(tmp_path / f"bin-{at}", at))
        if cut.returncode == 0:
            break
        assert cut.returncode == -signal.SIGKILL
        assert copy.asked
        cuts += 1
        assert copy.start().returncode == 0
        assert copy.files() == others
        assert not copy.asked
    assert 10 < cuts < 60


def test_the_unit_runs_it_before_the_device_and_after_its_disks() -> None:
    unit = (ROOT / "packaging/hutch-factory-reset.service").read_text()
    assert "ConditionPathExists=/var/lib/hutch/factory-reset-wanted\n" in unit
    before = " ".join(re.findall(r"^Before=(.*)$", unit, re.MULTILINE)).split()
    assert {"systemd-tmpfiles-setup.service", "hutch.service", "hutch-agents.service"} <= set(before)
    assert os.access(PROGRAM, os.X_OK)
    assert "hutch-factory-reset.service" in ENABLED
