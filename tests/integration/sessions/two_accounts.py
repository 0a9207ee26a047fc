"""The account in which these tests start sessions, as whoever runs them says in the environment."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from gateway.programs.client import BrokerPrograms
from gateway.programs.own import OwnPrograms
from gateway.programs.types import AgentsAccount, User

VARIABLE = "AGENTS_ACCOUNT"
"""``UID:FOLDER``: the account, and a folder that both may write, with its broker's socket in it."""


def agents_account() -> AgentsAccount:
    """The account that agents are to have."""
    given = os.environ.get(VARIABLE)
    if given is None:
        return OwnPrograms()
    uid, _, folder = given.partition(":")
    return BrokerPrograms(Path(folder) / "broker.sock", User(int(uid), "agents", Path(folder), "/bin/sh"))


def shared_folder() -> Path:
    """A new folder that both accounts may write."""
    folder = Path(tempfile.mkdtemp(prefix="s", dir=os.environ[VARIABLE].partition(":")[2]))
    folder.chmod(0o2777)
    return folder
