"""An agent reaches nothing of the daemon's: a real device, a real session, and a program in it that tries."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.integration.separation import attacker
from tests.integration.separation.accounts import AGENTS, DAEMON, Accounts, as_daemon, environment, python
from tests.integration.separation.device import Device, device

SECRET = "the daemon's alone"


def plant(path: Path, uid: int, text: str = SECRET) -> Path:
    """A file of one of the accounts, which only that one may read."""
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, uid, uid)
    return path


def give(path: Path) -> None:
    """What root made becomes the agents', as if they had made it."""
    os.chown(path, AGENTS.pw_uid, AGENTS.pw_uid, follow_symlinks=False)


def attack(accounts: Accounts, script: Path, daemon: int, result: Path) -> list[str]:
    """The command that tries everything."""
    return [str(python()), str(script), str(accounts.data), str(accounts.shared), str(daemon), str(result)]


def test_the_attacker_gets_what_it_may_have(accounts: Accounts) -> None:
    """The proof of the proof: in the daemon's own account the same tries get through."""
    for name in ("device-key.json", "hutch.db", "hub.json"):
        plant(accounts.data / name, DAEMON)
    own = subprocess.Popen([*as_daemon(), "sleep", "60"], start_new_session=True)
    try:
        script = Path(shutil.copy(attacker.__file__, accounts.base / "attacker.py"))
        command = attack(accounts, script, own.pid, accounts.shared / "result.json")
        environ = environment(accounts.data)
        subprocess.run([*as_daemon(), *command], env=environ, cwd=accounts.data, check=True, timeout=60)
    finally:
        own.kill()
        own.wait()
    told = json.loads((accounts.shared / "result.json").read_text())
    got = {name for name, how in told.items() if how.startswith("GOT")}
    wanted = {"read device-key.json", "write hub.json", "list the data folder", "signal 0", "read /proc/DAEMON/environ"}
    assert wanted <= got


async def test_a_session_reaches_nothing_of_the_daemons(accounts: Accounts) -> None:
    for name in ("secrets.key", "hub.json", "hub-memory.json"):
        plant(accounts.data / name, DAEMON, "{}")
    async with device(accounts) as one:
        session = await one.session(env={"MARK": "given"})
        script = accounts.home / "attacker.py"
        await asyncio.to_thread(shutil.copy, attacker.__file__, script)
        result = accounts.home / "result.json"
        await one.type(
            session, f"{shlex.join(attack(accounts, script, one.process.pid, result))}; echo all $((1+1)) tried"
        )
        await one.shows(session, "all 2 tried")
        told = json.loads(await asyncio.to_thread(result.read_text))
        assert len(told) > 90
        assert {name: how for name, how in told.items() if not how.startswith("refused")} == {}
        assert not await asyncio.to_thread((accounts.shared / "by-agent").exists)
        # The daemon took no notice of any of it.
        assert (await one.call("GET", "/health")).status == 200


async def refused(one: Device, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
    """The code with which something is refused; nothing of the secret is in the answer."""
    answer = await one.call(method, path, body)
    assert answer.status >= 400, (path, answer)
    assert SECRET.encode() not in answer.body
    return answer.code


async def test_what_an_agent_plants_in_the_workspace_leads_nowhere(accounts: Accounts) -> None:
    work, data = accounts.work, accounts.data
    secret = plant(data / "secret", DAEMON)
    outside = plant(accounts.base / "of-the-daemon", DAEMON)
    async with device(accounts) as one:

        def traps() -> None:
            for name, target in {
                "key": secret, "data": data, "AGENTS.md": data / "planted-by-link", "CLAUDE.md": secret,
            }.items():  # fmt: skip
                (work / name).symlink_to(target)
                give(work / name)
            # As where the kernel does not protect hard links: the file itself stays the daemon's.
            (work / "hard").hardlink_to(outside)

        await asyncio.to_thread(traps)
        assert await refused(one, "GET", "/api/files/content?path=key") == "path_outside_workspace"
        assert await refused(one, "GET", "/api/files/content?path=data/secret") == "path_outside_workspace"
        assert await refused(one, "GET", "/api/files/content?path=hard") == "permission_denied"
        assert await refused(one, "GET", "/api/files?path=data") == "path_outside_workspace"
        assert await refused(one, "DELETE", "/api/files?path=data/secret") == "path_outside_workspace"
        move = {"from": "data/secret", "to": "secret"}
        assert await refused(one, "POST", "/api/files/move", move) == "path_outside_workspace"
        for path in ("data/new", "key"):
            upload = {"path": path, "size": 1, "overwrite": True}
            assert await refused(one, "POST", "/api/files/uploads", upload) in {"path_outside_workspace", "conflict"}
        assert await refused(one, "POST", "/api/sessions", {"name": "in", "workdir": "data"}) == "permission_denied"
        await one.session(claude_md="overwritten", agents_md="overwritten")
        assert await asyncio.to_thread(secret.read_text) == SECRET
        assert not await asyncio.to_thread((data / "planted-by-link").exists)


async def test_a_workspace_that_an_agent_swaps_is_refused(accounts: Accounts) -> None:
    async with device(accounts) as one:

        def swap() -> None:
            accounts.work.rename(accounts.home / "real")
            accounts.work.symlink_to(accounts.data)
            give(accounts.work)

        await asyncio.to_thread(swap)
        assert await refused(one, "GET", "/api/files") == "permission_denied"
        assert await refused(one, "GET", "/api/files/content?path=setup-code") == "permission_denied"
        upload = {"path": "x", "size": 1}
        assert await refused(one, "POST", "/api/files/uploads", upload) == "permission_denied"
        assert await refused(one, "POST", "/api/sessions", {"name": "here"}) == "permission_denied"


async def test_what_an_agent_plants_beside_the_sockets_leads_nowhere(accounts: Accounts) -> None:
    async with device(accounts) as one:
        await asyncio.to_thread(one.process.stop)

        def traps() -> bytes:
            sockets = accounts.shared / "tmux"
            (sockets / "tmux.conf").unlink()
            names = {"tmux.conf": "hutch.db", "tmux.conf.new": "hutch.db", "console.sock": "setup-code"}
            for name, target in names.items():
                (sockets / name).symlink_to(accounts.data / target)
                give(sockets / name)
            return (accounts.data / "setup-code").read_bytes()

        code = await asyncio.to_thread(traps)
        await asyncio.to_thread(one.process.start)
        assert await asyncio.to_thread((accounts.data / "setup-code").read_bytes) == code
        header = await asyncio.to_thread((accounts.data / "hutch.db").read_bytes)
        assert header.startswith(b"SQLite format 3\0")
        assert (await one.call("GET", "/health")).status == 200
        await one.session()


async def test_an_upload_is_the_agents_own(accounts: Accounts) -> None:
    async with device(accounts) as one:
        begun = await one.call("POST", "/api/files/uploads", {"path": "new/run.sh", "size": 8})
        assert isinstance(begun.json, dict), begun
        path = f"/api/files/uploads/{begun.json['transfer_id']}"
        assert (await one.call("PUT", f"{path}/chunks/0", data=b"echo $0\n")).status == 204
        assert (await one.call("POST", f"{path}/end", {})).status == 201
        session = await one.session(workdir="new", claude_md="Be kind.")
        await one.type(session, "chmod +x run.sh && ./run.sh && rm CLAUDE.md && echo done $((1+1))")
        await one.shows(session, "done 2")
        assert "./run.sh" in await one.screen(session)
        state = await asyncio.to_thread((accounts.work / "new").stat)
        assert state.st_uid == AGENTS.pw_uid
        assert (await one.call("DELETE", "/api/files?path=new")).status == 204
        assert not await asyncio.to_thread((accounts.work / "new").exists)
