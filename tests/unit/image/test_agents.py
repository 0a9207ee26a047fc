"""Which agent CLIs come with an image, and what that makes of the other stages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.agents.pins import PINS
from image.build import agents, channel, sbom
from image.build.manifest import Measured
from image.build.programs import BuildError
from image.build.tree import sort_file


def test_they_are_chosen_by_name_in_one_order() -> None:
    assert agents.chosen("") == ()
    assert agents.chosen("codex, claude-code codex") == agents.chosen("claude-code codex") == ("claude-code", "codex")
    with pytest.raises(BuildError, match=r"no agent CLI cursor\. Choose from: claude-code, codex"):
        agents.chosen("codex cursor")


def test_the_stage_hangs_on_the_pins_of_what_is_chosen() -> None:
    told = agents.versions(["claude-code", "codex"])
    for name in ("claude-code", "claude-code-acp", "codex", "codex-acp"):
        assert f"{PINS[name].package}@{PINS[name].version}" in told
    assert PINS["gemini"].package not in told


def test_they_lie_before_what_changes_with_every_version(tmp_path: Path) -> None:
    assert str(agents.PLACE) not in sort_file(tmp_path)
    (tmp_path / agents.PLACE).mkdir(parents=True)
    (tmp_path / "opt/hutch/lib/python3.13/site-packages/appliance").mkdir(parents=True)
    rows = [line.rsplit(" ", 1) for line in sort_file(tmp_path).splitlines()]
    order = {name: int(priority) for name, priority in rows}
    assert order["opt/hutch/lib/python3.13/site-packages/appliance"] < order[str(agents.PLACE)] < 0


def test_npm_s_packages_have_their_scope_in_the_bill_of_materials() -> None:
    package = sbom.Component("npm", "@openai/codex", "0.1.0")
    assert package.purl == "pkg:npm/%40openai/codex@0.1.0"


def test_a_release_brings_the_file_for_its_channel() -> None:
    told = json.loads(channel.offer("1.2.3", "hutch-1.2.3-arm64.raucb", Measured(7, "ab" * 32), "cd" * 32))
    assert told["url"] == f"hutch-1.2.3-arm64.raucb#manifest={'cd' * 32}"
    assert (told["version"], told["size"], told["sha256"]) == ("1.2.3", 7, "ab" * 32)
