"""The keys that updates are signed with: an authority of one's own, and a key for signing below it.

``make keys`` makes them once, for releases, in the folder HUTCH_IMAGE_KEYS names (``keys/`` without it). A build
without them signs with a development key made on this machine. An image trusts the authority it was built with and no
other, so a released device takes nothing that a development key signed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from image.build.programs import BuildError, run

_YEARS = 20
_FILES = ("ca.key", "ca.pem", "signing.key", "signing.pem")


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a set of keys lies, and whether releases may be signed with it."""

    folder: Path
    release: bool

    @property
    def key(self) -> Path:
        """The private key that signs bundles."""
        return self.folder / "signing.key"

    @property
    def certificate(self) -> Path:
        """The certificate of that key."""
        return self.folder / "signing.pem"

    @property
    def keyring(self) -> Path:
        """The authority's certificate, which an image trusts."""
        return self.folder / "ca.pem"


def make_keys(folder: Path, name: str, *, days: int = 365 * _YEARS) -> None:
    """Make an authority and a signing key in a new folder that only its owner can read.

    Raises:
        BuildError: when the folder holds keys already; they are never overwritten.
    """
    if any((folder / file).exists() for file in _FILES):
        raise BuildError(f"{folder} holds keys already. Devices trust them: keep them, or name another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    before = os.umask(0o077)
    try:
        _authority(folder, f"{name} authority", days)
        _signing(folder, f"{name} signing", days)
    finally:
        os.umask(before)


def _authority(folder: Path, title: str, days: int) -> None:
    run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"),
        *("-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", str(days), "-subj", f"/CN={title}"),
        *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )


def _signing(folder: Path, title: str, days: int) -> None:
    with tempfile.TemporaryDirectory() as work:
        request, extensions = Path(work, "request"), Path(work, "extensions")
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
            "extendedKeyUsage=critical,codeSigning\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        run(
            *("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256"),
            *("-keyout", folder / "signing.key", "-out", request, "-subj", f"/CN={title}"),
        )
        run(
            *("openssl", "x509", "-req", "-in", request, "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key"),
            *("-CAcreateserial", "-out", folder / "signing.pem", "-days", str(days), "-sha256", "-extfile", extensions),
        )


def keys_for_build(release_folder: Path, development_folder: Path, *, release: bool) -> Keys:
    """The release keys where they are, else this machine's development keys, made when first needed.

    Raises:
        BuildError: when a release is asked for and there are no release keys.
    """
    if (release_folder / "signing.key").is_file():
        return Keys(release_folder, release=True)
    if release:
        raise BuildError(
            f"A release is not signed with a development key, and {release_folder} has no other. Run make keys."
        )
    if not (development_folder / "signing.key").is_file():
        make_keys(development_folder, "Hutch development")
    return Keys(development_folder, release=False)


def main(words: Sequence[str]) -> int:
    """``python -m image.build.keys FOLDER``: make a set of keys for releases; 1 with a sentence when it cannot."""
    folder = Path(words[0])
    try:
        make_keys(folder, "Hutch")
    except BuildError as error:
        sys.stderr.write(f"hutch: {error}\n")
        return 1
    sys.stderr.write(
        f"hutch: {folder} holds the keys now. Keep ca.key away from other people: who has it can sign updates.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
