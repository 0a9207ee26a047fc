"""Agents in an account of their own: which it is, how it is reached, and what it must not reach."""

from __future__ import annotations

import asyncio
import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from foundation.files import problems_of
from gateway.programs.chores import Chores
from gateway.programs.own import OwnPrograms
from gateway.programs.types import AgentsAccount, User
from gateway.workspaces.rights import Rights
from protocol.problems import Problem, ProblemCode

BROKER_SECONDS = 20.0
"""How long the start of the device waits for the broker, which systemd may be starting at the same time."""
FOLDER_MODE = 0o755
SOCKETS_MODE = 0o2770


def agents_user(name: str) -> User:
    """The account that agents are to work in.

    Raises:
        Problem: ``INVALID_REQUEST`` when there is none of that name, or it is root's or our own.
    """
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise _unusable(f"There is no account {name} on this machine") from None
    if entry.pw_uid == 0:
        raise _unusable("Agents may not work as root")
    if entry.pw_uid == os.geteuid():
        raise _unusable(f"{name} is the account that Hutch runs as itself")
    return User(entry.pw_uid, entry.pw_name, Path(entry.pw_dir), entry.pw_shell or "/bin/sh")


async def agents_account(user: User | None, broker: Path, folders: Mapping[Path, int]) -> AgentsAccount:
    """The account that agents work in, reached and with its folders made; ``folders`` says their modes.

    ``user`` None is the daemon's own account, without a broker and without anything to make.

    Raises:
        Problem: ``UNAVAILABLE`` when the broker does not answer in time, ``PERMISSION_DENIED`` when the account may not
            make one of its folders.
    """
    if user is None:
        return OwnPrograms()
    # Loaded here: a device without another account does without its client.
    from gateway.programs.client import BrokerPrograms

    account = BrokerPrograms(broker, user)
    try:
        await account.connect(BROKER_SECONDS)
        await asyncio.to_thread(_make_folders, account.chores, folders)
    except BaseException:
        await account.close()
        raise
    return account


def rights_in(account: AgentsAccount) -> Rights:
    """The rights with which the workspace is changed."""
    return Rights(account.chores, account.user.uid if account.apart else None)


def _make_folders(chores: Chores, folders: Mapping[Path, int]) -> None:
    for folder, mode in folders.items():
        with problems_of(folder):
            chores.make_folder(folder, mode)


def refuse_within_reach(data: Path, user: User) -> None:
    """Refuse a data folder that agents could move away and replace, because they own a folder above it. Blocks.

    Raises:
        Problem: ``PERMISSION_DENIED``.
    """
    for folder in data.resolve().parents:
        state = folder.stat()
        anybody = state.st_mode & stat.S_IWOTH and not state.st_mode & stat.S_ISVTX
        if state.st_uid == user.uid or anybody:
            raise Problem(
                ProblemCode.PERMISSION_DENIED,
                f"The data folder lies in {folder}, where {user.name} may rename it. Choose another with --data.",
            )


def become(user: User) -> None:
    """Be the agents' account from here on: a program of theirs may not have more than they have.

    Raises:
        Problem: ``PERMISSION_DENIED`` where neither root nor that account asks for it.
    """
    if os.geteuid() == user.uid:
        return
    if os.geteuid() != 0:
        raise Problem(
            ProblemCode.PERMISSION_DENIED, f"Sessions belong to the account {user.name}. Run this command with sudo."
        )
    group = pwd.getpwnam(user.name).pw_gid
    os.initgroups(user.name, group)
    os.setresgid(group, group, group)
    os.setresuid(user.uid, user.uid, user.uid)
    os.environ["HOME"] = str(user.home)


def _unusable(reason: str) -> Problem:
    return Problem(ProblemCode.INVALID_REQUEST, f"{reason}. Name another one with the setting agent_user.")
