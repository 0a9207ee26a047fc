"""Backup and restore where agents have an account of their own: their folders come back as theirs."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

from tests.integration.separation.accounts import AGENTS, Accounts
from tests.integration.separation.device import SECONDS, Device, device

PASSPHRASE = "correct horse battery"


async def wait_for(one: Device, field: str) -> None:
    """Wait until the device has something to show."""
    async with asyncio.timeout(SECONDS):
        while not isinstance((shown := (await one.call("GET", "/api/care")).json), dict) or shown[field] is None:
            pass


def agents_file(path: Path, text: str, mode: int = 0o644) -> None:
    """What an agent writes."""
    for folder in (path.parent, path.parent.parent):
        folder.mkdir(exist_ok=True)
        os.chown(folder, AGENTS.pw_uid, AGENTS.pw_gid)
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, AGENTS.pw_uid, AGENTS.pw_gid)


async def test_agents_get_their_folders_back(accounts: Accounts) -> None:
    novel = accounts.work / "novel"
    async with device(accounts) as one:
        await asyncio.to_thread(agents_file, novel / "one.txt", "Call me anything.")
        await asyncio.to_thread(agents_file, novel / "run", "#!/bin/sh\n", 0o755)
        await asyncio.to_thread(agents_file, novel / "private", "nobody reads this", 0o600)
        order = {"passphrase": PASSPHRASE, "folders": ["novel"]}
        assert (await one.call("POST", "/api/care/backup", order)).status == 202
        await wait_for(one, "saved")
        match (await one.call("GET", "/api/care")).json:
            case {"saved": {"unread": 1}}:
                pass
            case other:
                raise AssertionError(other)
        whole = (await one.call("GET", "/api/care/backup")).body

        await asyncio.to_thread(agents_file, novel / "one.txt", "Something worse.")
        await asyncio.to_thread(agents_file, novel / "two.txt", "written since")
        (novel / "run").unlink()
        began = {"passphrase": PASSPHRASE, "size": len(whole)}
        assert (await one.call("POST", "/api/care/restore", began)).status == 201
        brought = await one.call("PUT", "/api/care/restore/file?offset=0", data=whole)
        assert brought.status == 200, brought
        assert await asyncio.to_thread((novel / "one.txt").read_text) == "Something worse."
        assert (await one.call("POST", "/api/care/restore/begin")).status == 202
        await asyncio.to_thread(one.process.until_logged, "a folder of the workspace is restored")

        assert await asyncio.to_thread((novel / "one.txt").read_text) == "Call me anything."
        assert await asyncio.to_thread((novel / "two.txt").read_text) == "written since"
        assert await asyncio.to_thread((novel / "private").read_text) == "nobody reads this"
        for name, mode in (("one.txt", 0o644), ("run", 0o755)):
            state = (novel / name).stat()
            assert (state.st_uid, stat.S_IMODE(state.st_mode)) == (AGENTS.pw_uid, mode)
        # The backup that lay ready is cleared away by the new start, in its own time.
        async with asyncio.timeout(SECONDS):
            while await asyncio.to_thread(os.listdir, accounts.data / "care") != ["restore.lock"]:
                pass
