"""The accounts of the image: written by number, so that every slot means the same by them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """A user with a group of the same name and number."""

    name: str
    number: int
    title: str
    home: str
    shell: str


ACCOUNTS = (
    Account("hutch", 780, "Hutch daemon", "/var/lib/hutch", "/usr/sbin/nologin"),
    Account("agent", 1100, "Agents", "/home/agent", "/bin/bash"),
)
SHARED = ("hutch-agents", 781, ("hutch", "agent"))
"""The group that owns the folders of sockets between the two; it grants nothing else."""


def add_accounts(root: Path) -> None:
    """Add the accounts to a root filesystem, and describe all system accounts for systemd-sysusers.

    What somebody changes in /etc/passwd lies over the slot's own, so a later slot's new accounts would be missing:
    the description makes them at the start.
    """
    for account in ACCOUNTS:
        ids = f"{account.number}:{account.number}"
        _append(root / "etc/passwd", f"{account.name}:x:{ids}:{account.title}:{account.home}:{account.shell}")
        _append(root / "etc/shadow", f"{account.name}:!*:::::::")
        _append(root / "etc/group", f"{account.name}:x:{account.number}:")
        _append(root / "etc/gshadow", f"{account.name}:!*::")
    name, number, members = SHARED
    _append(root / "etc/group", f"{name}:x:{number}:{','.join(members)}")
    _append(root / "etc/gshadow", f"{name}:!*::{','.join(members)}")
    text = sysusers((root / "etc/passwd").read_text(), (root / "etc/group").read_text())
    (root / "usr/lib/sysusers.d/90-hutch-image.conf").write_text(text)


def sysusers(passwd: str, group: str) -> str:
    """sysusers.d(5) lines for accounts of a slot, and for who is in which group."""
    groups = [line.split(":") for line in group.splitlines()]
    users = [line.split(":") for line in passwd.splitlines()]
    lines = [f"g {name} {number}" for name, _, number, _ in groups]
    lines += [
        f'u {name} {uid}:{gid} "{title.split(",")[0] or name}" {home} {shell}'
        for name, _, uid, gid, title, home, shell in users
    ]
    lines += [f"m {member} {name}" for name, _, _, members in groups for member in members.split(",") if member]
    return "\n".join(lines) + "\n"


def _append(file: Path, line: str) -> None:
    with file.open("a") as opened:
        opened.write(line + "\n")
