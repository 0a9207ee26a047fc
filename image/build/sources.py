"""Where Debian's packages come from: what the build machine's apt says, for the release of the image.

No address stands in the recipe. ``HUTCH_IMAGE_SOURCES`` names a file in apt's one-line form that is taken as it is;
without it the machine's own sources are read (sources.list(5), one-line and deb822) and their release is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from image.build.programs import BuildError

RELEASE = "trixie"
NEXT = "forky"
"""The release after it, for what the release has too old (newer-packages.list)."""
COMPONENTS = "main non-free-firmware"
_APT = Path("/etc/apt")
_ONE_LINE = re.compile(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$")


@dataclass(frozen=True, slots=True)
class Source:
    """One archive of the build machine: its address and one of its suites."""

    uri: str
    suite: str


def parse(name: str, text: str) -> list[Source]:
    """The sources in one file of apt's, in the form that its name says."""
    return _deb822(text) if name.endswith(".sources") else _one_line(text)


def _one_line(text: str) -> list[Source]:
    found = (_ONE_LINE.match(line.strip()) for line in text.splitlines())
    return [Source(one[1], one[2]) for one in found if one]


def _deb822(text: str) -> list[Source]:
    sources: list[Source] = []
    for stanza in re.split(r"\n\s*\n", text):
        lines = [line for line in stanza.splitlines() if not line.startswith("#")]
        fields = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            uris, suites = fields.get("uris", "").split(), fields.get("suites", "").split()
            sources += [Source(uri, suite) for uri in uris for suite in suites]
    return sources


def for_release(sources: Iterable[Source], codename: str) -> str:
    """The image's sources, one a line, from those of a machine that runs the release ``codename``.

    Raises:
        BuildError: when the machine's sources do not lead to Debian's archive.
    """
    listed = list(sources)
    main = _uris(listed, codename)
    security = _uris(listed, f"{codename}-security")
    if not main:
        raise BuildError(
            f"The apt sources of this machine name no archive with {codename}."
            " Set HUTCH_IMAGE_SOURCES to a file with the sources of the image."
        )
    lines = [_line(uri, suite) for uri in main for suite in (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-backports")]
    lines += [_line(uri, f"{RELEASE}-security") for uri in security]
    return "\n".join(lines) + "\n"


def _uris(sources: Iterable[Source], suite: str) -> list[str]:
    return list(dict.fromkeys(source.uri for source in sources if source.suite == suite))


def _line(uri: str, suite: str) -> str:
    signed = "/usr/share/keyrings/debian-archive-keyring.gpg"
    return f"deb [arch=arm64 signed-by={signed}] {uri} {suite} {COMPONENTS}"


def without_backports(text: str) -> str:
    """The sources that the installed packages come from; only the kernel is taken from backports."""
    return "".join(line for line in text.splitlines(keepends=True) if f" {RELEASE}-backports " not in line)


def next_release(text: str) -> str:
    """The sources of the release after the image's, in the archives that the image's release comes from."""
    lines = [line for line in text.splitlines(keepends=True) if f" {RELEASE} " in line]
    return "".join(line.replace(f" {RELEASE} ", f" {NEXT} ") for line in lines)


def image_sources(named: str | None) -> str:
    """The sources of the image: the named file's text, or what this machine's configuration gives."""
    if named:
        return Path(named).read_text()
    files = [_APT / "sources.list", *sorted((_APT / "sources.list.d").glob("*"))]
    files = [file for file in files if file.suffix in {".list", ".sources"} and file.is_file()]
    found = [source for file in files for source in parse(file.name, file.read_text())]
    codename = re.search(r"^VERSION_CODENAME=(\S+)$", Path("/etc/os-release").read_text(), re.MULTILINE)
    return for_release(found, codename[1] if codename else "")
