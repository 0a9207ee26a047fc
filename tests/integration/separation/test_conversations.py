"""Conversations with agents in an account of their own: a whole device, and a scripted agent behind its broker."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import psutil

from tests.integration.separation.accounts import AGENTS, DAEMON, Accounts, as_agents, environment
from tests.integration.separation.device import SECONDS
from tests.integration.separation.talking import Talking, agents_of, talking
from tests.integration.separation.test_attacks import SECRET, give, plant


async def until_gone(processes: list[psutil.Process]) -> None:
    """Wait for the end of processes."""
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, SECONDS)
    assert alive == []


async def test_an_agent_talks_asks_and_is_stopped(housed: Accounts) -> None:
    async with talking(housed) as one:
        talk = await one.begin()
        spoken = await one.do(talk, "pid")
        assert psutil.Process(int(spoken)).uids() == (AGENTS.pw_uid,) * 3
        assert await one.do(talk, "env HOME") == str(housed.home)
        assert await one.do(talk, "env DATABASE_PASSWORD") == "(none)"

        async with one.following(talk) as events:
            assert (await anext(events))["type"] == "opening"
            turn = await one.send(talk, "say before", "ask execute rm", "wait")
            async for event in events:
                if event["type"] == "permission.asked":
                    break
            # What was said before the question is there while it is open.
            assert await one.said(talk) == "before"
            [asked] = (await one.ask("GET", "/api/permissions"))["permissions"]
            await one.ask("POST", f"/api/permissions/{asked['id']}", {"reply": "once"})
            async for event in events:
                if event["type"].startswith("message.") and "[yes]" in json.dumps(event):
                    break
            assert (await one.ask("POST", f"/api/conversations/{talk}/cancel"))["cancelled"] is True
        *_, last = (await one.ask("GET", f"/api/conversations/{talk}/turns"))["turns"]
        assert (last["id"], last["state"]) == (turn, "cancelled")


async def test_an_agent_sleeps_and_wakes_with_its_memory(housed: Accounts) -> None:
    async with talking(housed, HUTCH_MAX_AWAKE_AGENTS="1") as one:
        talk = await one.begin()
        first = int(await one.do(talk, "pid"))
        sleeper = psutil.Process(first)
        await one.do(await one.begin(), "say the place is taken")
        await until_gone([sleeper])
        assert (await one.ask("GET", f"/api/conversations/{talk}"))["awake"] is False
        assert json.loads(await one.do(talk, "memory")) == ["pid"]
        assert len(agents_of(housed)) == 1


async def test_a_killed_daemon_leaves_no_agent_and_the_next_goes_on(housed: Accounts) -> None:
    await asyncio.to_thread((housed.home / "options").write_text, "--stubborn")
    async with talking(housed) as one:
        talk = await one.begin()
        async with one.following(talk) as events:
            await one.send(talk, "say so far", "child", "wait")
            async for event in events:
                if event["type"] in {"message.part", "message.delta"} and "so far" in json.dumps(event):
                    break
        left = agents_of(housed)
        assert left
        await asyncio.to_thread(one.device.process.kill)
        await until_gone(left)
        assert agents_of(housed) == []
        await asyncio.to_thread(one.device.process.start)
        [turn] = (await one.ask("GET", f"/api/conversations/{talk}/turns"))["turns"]
        assert turn["state"] == "failed"
        assert "say so far" in await one.do(talk, "memory")


async def test_what_outlives_daemon_and_broker_is_ended_by_the_next(housed: Accounts) -> None:
    await asyncio.to_thread((housed.home / "options").write_text, "--stubborn")
    async with talking(housed) as one:
        talk = await one.begin()
        async with one.following(talk) as events:
            await one.send(talk, "say so far", "child", "wait")
            async for event in events:
                if event["type"] == "turn.started":
                    break
            async with asyncio.timeout(SECONDS):
                while len(left := await asyncio.to_thread(agents_of, housed)) < 2:
                    pass
        assert one.device.broker is not None
        # The agent has not heard of it yet when both are gone.
        await asyncio.to_thread(one.device.end_broker)
        await asyncio.to_thread(one.device.process.kill)
        one.device.start_broker()
        await asyncio.to_thread(one.device.process.start)
        await until_gone(left)


async def test_health_says_that_the_broker_is_away(housed: Accounts) -> None:
    async with talking(housed) as one:
        talk = await one.begin()
        assert (await one.ask("GET", "/health"))["reasons"].count("agents_account_away") == 0
        await one.do(talk, "say awake")
        await asyncio.to_thread(one.device.end_broker)
        async with asyncio.timeout(SECONDS):
            while (health := await one.ask("GET", "/health"))["status"] != "degraded":
                pass
        assert "agents_account_away" in health["reasons"]
        other = await one.begin()
        turn = await one.send(other, "say hello")
        one.device.start_broker()
        async with asyncio.timeout(SECONDS):
            while "agents_account_away" in (await one.ask("GET", "/health"))["reasons"]:
                pass
        # Who asked meanwhile was made to wait for the new broker.
        async with asyncio.timeout(SECONDS):
            while (found := (await one.ask("GET", f"/api/conversations/{other}/turns"))["turns"][-1])["state"] in {
                "queued",
                "running",
            }:
                pass
        assert (found["id"], found["state"]) == (turn, "done"), found
        assert await one.do(talk, "say still here") == "still here"


async def test_an_attachment_reaches_the_agent_and_nothing_else_of_the_data_does(housed: Accounts) -> None:
    async with talking(housed) as one:
        talk = await one.begin()
        content = os.urandom(300_000)
        attachment = await one.attach(talk, "a b.bin", content)
        given = {"attachment": attachment}
        kinds = json.loads(await one.do(talk, "blocks", files=[given]))
        assert kinds[-1].startswith("resource_link file://")
        path = housed.work / ".hutch" / attachment / "a b.bin"
        read = await asyncio.to_thread(
            subprocess.run, [*as_agents(), "cat", str(path)], capture_output=True, check=True
        )
        assert read.stdout == content
        assert one.foreign(housed.work) == set()
        kept = housed.data / "conversations" / "attachments" / attachment
        assert kept.stat().st_uid == DAEMON
        refused = await asyncio.to_thread(
            subprocess.run, [*as_agents(), "cat", str(kept)], capture_output=True, check=False
        )
        assert refused.returncode != 0


async def test_an_attachment_follows_no_link_that_an_agent_planted(housed: Accounts) -> None:
    async with talking(housed) as one:
        talk = await one.begin()
        trap = housed.work / ".hutch"
        await asyncio.to_thread(trap.symlink_to, housed.data)
        give(trap)
        given = {"attachment": await one.attach(talk, "x.bin", os.urandom(300_000))}
        turn = await one.ask(
            "POST", f"/api/conversations/{talk}/messages?wait=true", {"text": "say x", "files": [given]}
        )
        assert turn["turn"]["state"] == "failed"
        assert not (housed.data / given["attachment"]).exists()


async def test_a_file_that_an_agent_has_written_is_its_own(housed: Accounts) -> None:
    outside = plant(housed.base / "of-the-daemon", DAEMON)
    script = housed.work / "project" / "run.sh"
    async with talking(housed) as one:

        def project() -> None:
            script.parent.mkdir()
            script.write_text("old")
            script.chmod(0o750)
            for name, target in (("out", outside), ("data", housed.data), ("hard", None)):
                trap = script.parent / name
                if target is None:
                    trap.hardlink_to(outside)
                else:
                    trap.symlink_to(target)
                    give(trap)
            give(script)
            give(script.parent)

        await asyncio.to_thread(project)
        talk = await one.begin(folder="project")
        steps = ("write new/deep.txt Hello", "write run.sh new", "write out x", "write data/hub.json x")
        said = await one.do(talk, *steps, "write ../above x", "read hard", "read data/setup-code", "write hard mine")
        assert said.count("refused") == 5, said
        assert SECRET not in said
        assert (script.parent / "new" / "deep.txt").read_text() == "Hello"
        assert script.read_text() == "new"
        assert (script.stat().st_mode & 0o777, script.stat().st_uid) == (0o750, AGENTS.pw_uid)
        assert one.foreign(housed.work) == set()
        assert outside.read_text() == SECRET
        assert not (housed.data / "hub.json").exists()


async def test_a_folder_that_an_agent_swaps_is_refused(housed: Accounts) -> None:
    async with talking(housed) as one:
        folder = housed.work / "project"
        await asyncio.to_thread(folder.mkdir)
        give(folder)
        talk = await one.begin(folder="project")
        assert await one.do(talk, "write here.txt fine", "say written") == "written"

        def swap() -> None:
            folder.rename(housed.work / "real")
            folder.symlink_to(housed.data)
            give(folder)

        await asyncio.to_thread(swap)
        said = await one.do(talk, "write planted x", "read setup-code")
        assert said.count("refused") == 2, said
        assert not (housed.data / "planted").exists()
        files = await one.device.call("GET", f"/api/conversations/{talk}/files?q=hutch")
        assert files.code == "permission_denied"


def repository(one: Talking) -> Path:
    """A repository of the agents' with a commit, and a change that a person has staged. Blocks."""
    folder = one.accounts.work / "repo"
    git = "git -c user.name=Ann -c user.email=ann@example.org"
    script = f"""set -e
mkdir repo; cd repo; git init -q -b main; echo one > a.txt; git add .; {git} commit -qm one
echo staged > b.txt; git add b.txt; echo not staged >> a.txt
"""
    subprocess.run(
        [*as_agents(), "sh", "-c", script], cwd=one.accounts.work, env=environment(one.accounts.home), check=True
    )
    return folder


async def test_git_works_as_the_agents_and_leaves_the_index_alone(housed: Accounts) -> None:
    async with talking(housed) as one:
        repo = await asyncio.to_thread(repository, one)
        index = (repo / ".git" / "index").read_bytes()
        talk = await one.begin(folder="repo")
        await one.do(talk, "edit c.txt new", "say done")
        [turn] = (await one.ask("GET", f"/api/conversations/{talk}/turns"))["turns"]
        changed = await one.ask("GET", f"/api/conversations/{talk}/changes?turn={turn['id']}")
        assert [file["path"] for file in changed["files"]] == ["c.txt"]
        assert (repo / ".git" / "index").read_bytes() == index

        apart = await one.begin(folder="repo", worktree=True)
        tree = (await one.ask("GET", f"/api/conversations/{apart}"))["worktree"]
        await one.do(apart, "edit d.txt mine", "write e.txt mine too", "say done")
        made = await one.ask("POST", f"/api/conversations/{apart}/commit", {"message": "Two"})
        assert made["branch"] == tree["branch"]
        shown = await asyncio.to_thread(
            subprocess.run,
            [*as_agents(), "git", "show", "--name-only", "--format=", made["commit"]],
            cwd=repo, env=environment(housed.home), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert shown.stdout.split() == ["d.txt", "e.txt"]
        assert (repo / ".git" / "index").read_bytes() == index
        assert one.foreign(housed.work) == set()
