"""The list of everything in the image with its version: CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_NAMESPACE = uuid.UUID("48555443-0000-5000-8000-000000000000")


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """One package: where it is from (``deb``, ``pypi``, ``npm``), its name, version and, for Debian's, architecture."""

    kind: str
    name: str
    version: str
    architecture: str = ""

    @property
    def purl(self) -> str:
        """The package URL (https://github.com/package-url/purl-spec)."""
        # The scope of an npm package is a part of its own.
        name = quote(self.name, safe="/" if self.kind == "npm" else "")
        version = quote(self.version, safe="")
        if self.kind == "deb":
            return f"pkg:deb/debian/{name}@{version}?arch={self.architecture}"
        return f"pkg:{self.kind}/{name}@{version}"


def from_dpkg(text: str) -> list[Component]:
    """The installed packages in dpkg's status file, or packages by their control files."""
    found = []
    for stanza in re.split(r"\n\n+", text):
        fields = dict(re.findall(r"^(Package|Version|Architecture|Status): (.+)$", stanza, re.MULTILINE))
        if "Package" in fields and fields.get("Status", "installed").split()[-1] == "installed":
            found.append(Component("deb", fields["Package"], fields["Version"], fields["Architecture"]))
    return found


def from_python(site: Path) -> list[Component]:
    """The Python packages by their metadata."""
    found = []
    for metadata in site.glob("*.dist-info/METADATA"):
        head = metadata.read_text(encoding="utf-8").partition("\n\n")[0]
        fields = dict(re.findall(r"^(Name|Version): (.+)$", head, re.MULTILINE))
        found.append(Component("pypi", fields["Name"].lower().replace("_", "-"), fields["Version"]))
    return found


def document(version: str, when: str, components: Iterable[Component]) -> str:
    """The whole document; ``when`` is the time of the build as ISO 8601. The same for the same parts."""
    parts = sorted(set(components))
    listed = [
        {"type": "library", "bom-ref": part.purl, "name": part.name, "version": part.version, "purl": part.purl}
        for part in parts
    ]
    serial = uuid.uuid5(_NAMESPACE, version + when + "".join(part.purl for part in parts))
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": when,
            "component": {"type": "operating-system", "bom-ref": "hutch", "name": "hutch", "version": version},
        },
        "components": listed,
    }
    return json.dumps(whole, indent=1) + "\n"
