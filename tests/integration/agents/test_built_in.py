"""Agent CLIs that come with an image: brought by the real npm from packages packed on the spot, found on the device."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.agents import trees
from gateway.agents.cli import Adapter, AgentCli
from gateway.agents.installer import Agents
from gateway.agents.pins import Pin
from image.build import agents as stage
from image.build.programs import BuildError, output
from tests.integration.agents.test_installing import TINY, packed, printed
from tests.unit.gateway.recorder import Recorder

X86_PROGRAM = "\x7fELF" + "\0" * 14 + "\x3e\0"


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    folder = tmp_path / "packages"
    folder.mkdir()
    return folder


def bring(tmp_path: Path, cli: AgentCli) -> Path:
    """The prefix that the stage makes of this one CLI."""
    prefix = tmp_path / "opt" / "agents"
    stage.bring(prefix, cli, here)
    return prefix


def here(folder: Path, *words: str | Path) -> str:
    """Run what the build runs under emulation on this machine."""
    return output(*words, cwd=folder)


def with_adapter(packages: Path, cli: AgentCli) -> AgentCli:
    spoken = packed(packages, replace(TINY, package="@hutch-tests/tiny-acp", version="0.9.0", binary="tiny-acp"))
    return replace(cli, adapter=Adapter(Pin(spoken.package, spoken.version), "tiny-acp", source=spoken.source))


async def test_what_the_image_brings_is_found_first_and_said(tmp_path: Path, packages: Path) -> None:
    tiny = await asyncio.to_thread(lambda: with_adapter(packages, packed(packages)))
    prefix = await asyncio.to_thread(bring, tmp_path, tiny)
    agents = Agents(tmp_path / "own", Recorder(), built_in=prefix, catalog={"tiny": tiny})
    (status,) = await agents.statuses()
    assert (status.installed, status.built_in, status.ours, status.version) == (True, True, False, "1.2.3")
    assert status.converses
    program, *_ = agents.command("tiny")
    assert program == str(trees.program_of(prefix / "tiny", tiny))
    variables = agents.environment()
    assert await asyncio.to_thread(printed, [program], variables) == "tiny 1.2.3 1"
    assert await asyncio.to_thread(printed, ["bash", "-c", "command -v tiny"], variables) == str(prefix / "bin/tiny")


async def test_of_another_version_than_pinned_it_does_not_count(tmp_path: Path, packages: Path) -> None:
    prefix = await asyncio.to_thread(lambda: bring(tmp_path, packed(packages)))
    newer = await asyncio.to_thread(packed, packages, replace(TINY, version="1.3.0"))
    agents = Agents(tmp_path / "own", Recorder(), built_in=prefix, catalog={"tiny": newer})
    (before,) = await agents.statuses()
    assert not before.installed
    after = await agents.install("tiny")
    assert (after.version, after.ours, after.built_in) == ("1.3.0", True, False)


def test_nothing_of_the_build_machine_is_in_it(tmp_path: Path, packages: Path) -> None:
    prefix = bring(tmp_path, packed(packages))
    assert not list(prefix.rglob(".package-lock.json"))
    assert not list(prefix.rglob("foreign-script-ran"))
    assert all(path.is_symlink() or path.stat().st_mode & 0o022 == 0 for path in prefix.rglob("*"))
    assert sorted(entry.name for entry in prefix.iterdir()) == ["bin", "tiny", "tiny-1.2.3"]


def test_every_package_is_listed(tmp_path: Path, packages: Path) -> None:
    prefix = bring(tmp_path, with_adapter(packages, packed(packages)))
    assert stage.packages(prefix) == [("@hutch-tests/tiny", "1.2.3"), ("@hutch-tests/tiny-acp", "0.9.0")]


def test_a_program_for_another_machine_stops_the_build(tmp_path: Path, packages: Path) -> None:
    with pytest.raises(BuildError, match="another kind of machine"):
        bring(tmp_path, packed(packages, program=X86_PROGRAM))


def test_another_version_than_pinned_stops_the_build(tmp_path: Path, packages: Path) -> None:
    other = replace(packed(packages), version="9.9.9")
    with pytest.raises(BuildError, match=r"was to bring @hutch-tests/tiny 9\.9\.9, and brought 1\.2\.3"):
        bring(tmp_path, other)


def test_a_program_that_does_not_run_stops_the_build(tmp_path: Path, packages: Path) -> None:
    with pytest.raises(BuildError, match="ended with 3"):
        bring(tmp_path, packed(packages, program="#!/bin/sh\nexit 3\n"))
    with pytest.raises(BuildError, match=r"does not run as version 1\.2\.3: it says 1\.0\.0"):
        bring(tmp_path, packed(packages, program="#!/bin/sh\necho 1.0.0\n"))
    assert not (tmp_path / "opt/agents/tiny").exists()


def test_an_adapter_that_is_missing_stops_the_build(tmp_path: Path, packages: Path) -> None:
    tiny = with_adapter(packages, packed(packages))
    assert tiny.adapter is not None
    with pytest.raises(BuildError, match="brought no missing of"):
        bring(tmp_path, replace(tiny, adapter=replace(tiny.adapter, binary="missing")))


def test_what_npm_says_is_told(tmp_path: Path, packages: Path) -> None:
    with pytest.raises(BuildError, match="npm install"):
        bring(tmp_path, replace(TINY, source=str(packages / "nothing.tgz")))


def test_programs_for_the_image_pass(tmp_path: Path) -> None:
    for name, machine in (("ours", 183), ("prebuilt-for-others", 62)):
        file = tmp_path / "node_modules/tiny" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little"))
        file.chmod(0o755)
    (tmp_path / "node_modules/tiny/package.json").write_text(json.dumps({"name": "tiny", "version": "1.0.0"}))
    (tmp_path / "node_modules/.bin").mkdir()
    (tmp_path / "node_modules/.bin/tiny").symlink_to("../tiny/ours")
    cli = AgentCli("tiny", "Tiny", "tiny", "tiny", "1.0.0", disk_mb=1, node_major=18)
    stage.check(tmp_path, cli)
    (tmp_path / "node_modules/tiny/ours").unlink()
    with pytest.raises(BuildError):
        stage.check(tmp_path, cli)
