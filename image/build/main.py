"""``python -m image.build.main``: build the image, its bundle and what goes with them into ``dist/``."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance.version import VERSION
from image.build import channel, manifest, sbom
from image.build.agents import PLACE, chosen, packages
from image.build.bundle import make_bundle, manifest_hash
from image.build.bundle import manifest as bundle_manifest
from image.build.cache import Cache
from image.build.disk import make_disk
from image.build.emulation import ensure_arm64
from image.build.keys import keys_for_build
from image.build.programs import BuildError, missing_packages, output, run
from image.build.python_tree import SITE
from image.build.recipe import Recipe
from image.build.sources import image_sources

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Where:
    """The folders of a build, from the environment where it names them."""

    cache: Path
    keys: Path
    dist: Path

    @classmethod
    def of(cls, environ: dict[str, str]) -> Where:
        """HUTCH_IMAGE_CACHE, HUTCH_IMAGE_KEYS; without them folders of the checkout."""
        cache = Path(environ.get("HUTCH_IMAGE_CACHE") or ROOT / ".cache/image").absolute()
        return cls(cache, Path(environ.get("HUTCH_IMAGE_KEYS") or ROOT / "keys").absolute(), ROOT / "dist")


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(f"hutch: {text}\n")


def ready() -> None:
    """Check the machine before an hour is spent. Raises BuildError, naming what is missing."""
    missing = missing_packages()
    if missing:
        raise BuildError(
            f"Install these packages, then try again: apt-get install --no-install-recommends {' '.join(missing)}"
        )
    if os.getuid() != 0:
        raise BuildError("Root filesystems are made by root. Start the build with sudo.")
    ensure_arm64(platform.machine())


def recipe(where: Where, *, release: bool, agents: str = "") -> Recipe:
    """The recipe for this checkout; the wheel must be in ``dist/wheel`` (tools/image.sh builds it)."""
    wheels = sorted((where.cache / "wheel").glob("*.whl"))
    if len(wheels) != 1:
        raise BuildError("There must be one wheel to put into the image. Build with make image.")
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct"))
    return Recipe(
        root=ROOT,
        cache=Cache(where.cache, say),
        sources=image_sources(os.environ.get("HUTCH_IMAGE_SOURCES")),
        keys=keys_for_build(where.keys, where.cache / "development-keys", release=release),
        wheel=wheels[0],
        version=VERSION,
        build=datetime.fromtimestamp(epoch, UTC).strftime("%Y%m%d%H%M%S"),
        epoch=epoch,
        agents=chosen(agents),
    )


def git(*words: str) -> str:
    """What git says of this checkout."""
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "0"


def build(made: Recipe, dist: Path, url: str) -> list[Path]:
    """Everything that a release has, in ``dist``."""
    dist.mkdir(exist_ok=True)
    name = f"hutch-{made.version}-arm64"
    root, boot = made.slot.folder / "rootfs.img", made.boot_slot.folder / "boot.img"
    disk, packed, bundle = dist / f"{name}.img", dist / f"{name}.img.zst", dist / f"{name}.raucb"
    make_disk(disk, made.bootfs.folder / "bootfs.img", boot, root, made.bootfs.folder / "data.img")
    say("packing the image")
    run("zstd", "-q", "-T0", "-9", "-f", disk, "-o", packed)
    say("signing the bundle")
    make_bundle(bundle, bundle_manifest(made.version, made.build), root, boot, made.keys)
    when = datetime.fromtimestamp(made.epoch, UTC)
    bom, listed = dist / f"{name}.sbom.json", dist / f"{name}.os_list.json"
    bom.write_text(sbom.document(made.version, when.isoformat(), components(made)))
    measured = (manifest.measure(packed), manifest.measure(disk))
    listed.write_text(manifest.os_list(made.version, when.date().isoformat(), f"{url}{packed.name}", *measured))
    offered = dist / f"{name}.channel.json"
    offered.write_text(
        channel.offer(made.version, bundle.name, manifest.measure(bundle), manifest_hash(bundle, made.keys))
    )
    files = [packed, bundle, bom, listed, offered]
    (dist / f"{name}.SHA256SUMS").write_text(manifest.sums(files))
    return [*files, dist / f"{name}.SHA256SUMS"]


def components(made: Recipe) -> list[sbom.Component]:
    """Every package in the image."""
    found = sbom.from_dpkg((made.slot.folder / "status").read_text())
    for control in (made.boot.folder / "debs").glob("*.control"):
        found += sbom.from_dpkg(control.read_text())
    if made.baked is not None:
        found += [sbom.Component("npm", *package) for package in packages(made.baked.folder / "tree" / PLACE)]
    return found + [
        part for stage in (made.dependencies, made.program) for part in sbom.from_python(stage.folder / "tree" / SITE)
    ]


def main(words: Sequence[str]) -> int:
    """Build; 1 with a sentence on what to do when it cannot."""
    parser = argparse.ArgumentParser(prog="make image", description="Build the image of a Hutch device.")
    parser.add_argument("--release", action="store_true", help="refuse to sign with a development key")
    parser.add_argument("--hash", action="store_true", help="print the hash of the root filesystem, and build no more")
    parser.add_argument(
        "--agents",
        metavar="NAMES",
        default=os.environ.get("HUTCH_IMAGE_AGENTS", ""),
        help='agent CLIs that come with the image, such as "claude-code codex"; without it none does',
    )
    told = parser.parse_args(words)
    where = Where.of(dict(os.environ))
    try:
        ready()
        made = recipe(where, release=told.release, agents=told.agents)
        if told.hash:
            print(output("sha256sum", made.slot.folder / "rootfs.img").split()[0])  # noqa: T201 - what was asked for
            return 0
        for file in build(made, where.dist, os.environ.get("HUTCH_IMAGE_URL", "")):
            say(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1e6:.0f} MB")
    except BuildError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
