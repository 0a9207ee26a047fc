from __future__ import annotations

from pathlib import Path

import pytest

from gateway.agents import inside, trees
from gateway.agents.cli import AgentCli

CLI = AgentCli("tiny", "Tiny", "tiny", "tiny-cli", "1.0.0", disk_mb=1, node_major=18)


@pytest.fixture
def prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path / "prefix"


def fill(tree: Path, text: str = "#!/bin/sh\n") -> None:
    program = trees.program_of(tree, CLI)
    program.parent.mkdir(parents=True)
    program.write_text(text)
    program.chmod(0o755)
    package = trees.package_folder(tree, CLI)
    package.mkdir()
    (package / "package.json").write_text('{"name": "tiny-cli", "version": "1.0.0"}')


def request(prefix: Path, tree: str = "") -> dict[str, object]:
    return {"prefix": str(prefix), "name": CLI.name, "binary": CLI.binary, "tree": tree}


def begun(prefix: Path) -> Path:
    name = trees.partial_name(CLI)
    inside.begin(request(prefix, name))
    return prefix / name


def test_a_tree_counts_from_its_commit_on(prefix: Path) -> None:
    assert trees.find(prefix, CLI) is None
    partial = begun(prefix)
    fill(partial)
    assert trees.find(prefix, CLI) is None
    inside.commit(request(prefix, partial.name))
    found = trees.find(prefix, CLI)
    assert found is not None
    assert (found.version, found.ours) == ("1.0.0", True)
    assert (prefix / "bin" / "tiny").resolve() == found.program.resolve()
    assert not partial.exists()


def test_the_tree_in_use_stays_while_another_is_made(prefix: Path) -> None:
    for text in ("first", "second"):
        partial = begun(prefix)
        fill(partial, text)
        inside.commit(request(prefix, partial.name))
    assert len(list(prefix.glob("tiny-*"))) == 2
    unfinished = begun(prefix)
    assert sorted(path.name for path in prefix.glob("tiny-*")) == sorted(
        [unfinished.name, (prefix / "tiny").readlink().name]
    )
    inside.discard(request(prefix, unfinished.name))
    found = trees.find(prefix, CLI)
    assert found is not None
    assert found.program.read_text() == "second"


def test_removing_leaves_nothing_of_it(prefix: Path) -> None:
    partial = begun(prefix)
    fill(partial)
    inside.commit(request(prefix, partial.name))
    (prefix / "other").mkdir()
    inside.remove(request(prefix))
    assert sorted(path.name for path in prefix.iterdir()) == ["bin", "other"]
    assert trees.find(prefix, CLI) is None
    inside.remove(request(prefix))


def test_what_the_machine_has_by_itself_counts_too(prefix: Path, tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "tiny").symlink_to(trees.program_of(tmp_path / "elsewhere", CLI))
    found = trees.find(prefix, CLI)
    assert found is not None
    assert (found.program, found.ours) == (tmp_path / "path" / "tiny", False)


def test_free_space_is_that_of_the_disk_the_prefix_will_be_on(tmp_path: Path) -> None:
    assert trees.free_mb(tmp_path / "not" / "yet") == pytest.approx(trees.free_mb(tmp_path), abs=1000)
