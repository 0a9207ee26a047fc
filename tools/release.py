"""``make release``: the archive that install.sh and the updater of release folders take, signed.

Into ``dist/``: ``hutch-VERSION.tar.gz``, its signature file beside it, ``hutch-VERSION.bundle`` with both in one file
for the updater, and the install.sh, cleanup.sh and user-data.yaml that trust the key. The same sources and
SOURCE_DATE_EPOCH give the same archive.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.updates.folders.signature import Statement, key_name, sign

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ROOT = Path(__file__).resolve().parent.parent
_WHEEL = re.compile(r"hutch-([0-9A-Za-z.+]+)-py3-none-any\.whl")
_MARK = "RELEASE_KEY=''"
_ADDRESS = "RELEASE_FROM=''"


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the wheel and make the release."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("--key", type=Path, required=True, help="private key, PEM (make release-key)")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="folder for what is made")
    parser.add_argument("--url", default="", help="where the archive will lie; install.sh and user-data.yaml name it")
    parser.add_argument("--wheels", action="store_true", help="bring the packages for this kind of machine along")
    options = parser.parse_args(arguments)
    try:
        key = load_key(options.key)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The key {options.key} cannot be used: {error}. Make one with: make release-key" + "\n")
        return 1
    with tempfile.TemporaryDirectory() as work:
        wheel = build_wheel(Path(work))
        wheels = download_wheels(Path(work, "wheels")) if options.wheels else None
        bundle = make_release(wheel, options.to, key, url=options.url, wheels=wheels)
    sys.stdout.write(
        f"made {bundle.with_suffix('.tar.gz')}, its signature, {bundle.name} and install.sh in {options.to}"
        f"\nsigned with the key {key_name(key.public_key())}\n"
    )
    return 0


def load_key(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 key. Raises OSError, ValueError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it is no Ed25519 key")
    return key


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


def download_wheels(folder: Path) -> Path:
    """What requirements/runtime.txt locks, for the interpreter and the kind of machine that this runs on."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--use-pep517", "--no-deps", "--wheel-dir", str(folder)]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "runtime.txt")], check=True)
    return folder


def make_release(
    wheel: Path, target: Path, key: Ed25519PrivateKey, *, url: str = "", wheels: Path | None = None
) -> Path:
    """Make all files of a release in ``target``; the bundle is returned."""
    named = _WHEEL.fullmatch(wheel.name)
    if named is None:
        raise ValueError(f"{wheel.name} is no wheel of Hutch")
    version = named[1]
    target.mkdir(parents=True, exist_ok=True)
    name = f"hutch-{version}"
    archive = target / f"{name}.tar.gz"
    filled = {script: fill(ROOT / script, key, url) for script in ("install.sh", "cleanup.sh")}
    _write_archive(archive, version, wheel, wheels=wheels, filled=filled)
    size, sha256 = archive.stat().st_size, hashlib.sha256(archive.read_bytes()).hexdigest()
    signature = target / f"{archive.name}.sig"
    signature.write_bytes(sign(Statement(version, archive.name, size, sha256), key))
    bundle = target / f"{name}.bundle"
    with tarfile.open(bundle, "w", format=tarfile.USTAR_FORMAT) as outer:
        for path in (signature, archive):
            outer.add(path, path.name, filter=_plain)
    for script, content in filled.items():
        (target / script).write_bytes(content)
        (target / script).chmod(0o755)
    user_data = (ROOT / "packaging" / "cloud-init" / "user-data.yaml").read_text()
    (target / "user-data.yaml").write_text(user_data.replace("https://releases.example/", url.rpartition("/")[0] + "/"))
    return bundle


def fill(script: Path, key: Ed25519PrivateKey, url: str) -> bytes:
    """An install script that trusts the key, and knows where its release lies."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    body = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().splitlines()[1]
    if "'" in url:
        raise ValueError("the address holds a quote")
    text = script.read_text().replace(_MARK, f"RELEASE_KEY='{body}'", 1)
    return text.replace(_ADDRESS, f"RELEASE_FROM='{url}'", 1).encode()


def _write_archive(path: Path, version: str, wheel: Path, *, wheels: Path | None, filled: dict[str, bytes]) -> None:
    top = f"hutch-{version}"
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        _add(archive, f"{top}/VERSION", f"{version}\n".encode())
        _add(archive, f"{top}/{wheel.name}", wheel.read_bytes())
        _add(archive, f"{top}/requirements.txt", _requirements(wheels))
        for name, content in sorted(filled.items()):
            _add(archive, f"{top}/{name}", content, 0o755)
        for file in sorted((ROOT / "packaging").rglob("*")):
            if file.is_file():
                _add(archive, f"{top}/{file.relative_to(ROOT)}", file.read_bytes(), file.stat().st_mode)
        for file in sorted(wheels.iterdir()) if wheels is not None else ():
            _add(archive, f"{top}/wheels/{file.name}", file.read_bytes())


def _requirements(wheels: Path | None) -> bytes:
    """The locked requirements, and the hashes of wheels that were made here of sources."""
    text = (ROOT / "requirements" / "runtime.txt").read_text()
    for file in sorted(wheels.iterdir()) if wheels is not None else ():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        if digest not in text:
            name = file.name.split("-")[0].replace("_", "-").lower()
            text = re.sub(
                rf"(?m)^({re.escape(name)}==[^\n]*)\\\n", rf"\1\\\n    --hash=sha256:{digest} \\\n", text, count=1
            )
    return text.encode()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o755 if mode & 0o100 else 0o644
    archive.addfile(_plain(info), io.BytesIO(content))


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    return info


if __name__ == "__main__":
    sys.exit(main())
