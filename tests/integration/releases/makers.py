"""Releases to install: of this checkout, as other versions, and broken in ways that releases are."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from appliance.version import VERSION
from tools.release import build_wheel, download_wheels, make_release

NEVER_STARTS = {"appliance/bootstrap.py": "raise RuntimeError('this release never starts')\n"}
"""Ends as it is started."""
NO_SESSIONS = {
    "gateway/sessions/manager.py": (
        "\n\nasync def _refuse(*_: object, **__: object) -> None:\n"
        "    raise Problem(ProblemCode.SESSION_FAILED, 'This release starts no sessions.')\n\n\n"
        "Sessions.create = _refuse  # type: ignore\n"
    )
}
"""Starts, answers, and is of no use."""


class Maker:
    """Makes releases in one folder, with one key."""

    def __init__(self, folder: Path, shared: Path) -> None:
        self.folder = folder
        self.key = Ed25519PrivateKey.generate()
        self.shared = shared

    def write_key(self, path: Path) -> Path:
        """The private key as a file."""
        path.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path

    def write_public_key(self, path: Path) -> Path:
        """What installations trust, as a file."""
        path.write_bytes(self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return path

    def release(self, version: str, appended: Mapping[str, str] | None = None) -> Path:
        """The bundle of a version; ``appended`` is written at the end of files."""
        wheel, wheels = shared_parts(self.shared)
        target = self.folder / f"release-{version}"
        target.mkdir(parents=True, exist_ok=True)
        made = as_version(wheel, target, version, appended or {})
        return make_release(made, target, self.key, wheels=wheels)


@cache
def shared_parts(shared: Path) -> tuple[Path, Path]:
    """The wheel of this checkout and its packages, made once for all who run tests beside each other."""
    shared.mkdir(parents=True, exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / "done"
        if not done.exists():
            build_wheel(shared)
            download_wheels(shared / "wheels")
            done.touch()
    return next(shared.glob("hutch-*.whl")), shared / "wheels"


def as_version(wheel: Path, folder: Path, version: str, appended: Mapping[str, str]) -> Path:
    """The same wheel under another version."""
    target = folder / f"hutch-{version}-py3-none-any.whl"
    records = []
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for info in source.infolist():
            name = info.filename.replace(f"hutch-{VERSION}.dist-info", f"hutch-{version}.dist-info")
            content = source.read(info)
            if name.endswith("/RECORD"):
                continue
            if name == "appliance/version.py" or name.endswith("/METADATA"):
                content = content.replace(VERSION.encode(), version.encode(), 1)
            content += appended.get(name, "").encode()
            digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            records.append(f"{name},sha256={digest},{len(content)}\n")
            made.writestr(name, content)
        record = f"hutch-{version}.dist-info/RECORD"
        made.writestr(record, "".join(records) + f"{record},,\n")
    return target


def tar(*words: str | Path) -> None:
    """GNU tar."""
    subprocess.run(["tar", *map(str, words)], check=True)
