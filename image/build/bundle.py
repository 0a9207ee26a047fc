"""The signed update: one file with both images of a slot, in RAUC's verity format."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from image.build.keys import Keys
from image.build.programs import run

COMPATIBLE = "hutch-arm64"


def manifest(version: str, build: str) -> str:
    """RAUC's manifest. The hash index lets a device fetch only the blocks that it does not have yet."""
    return (
        f"[update]\ncompatible={COMPATIBLE}\nversion={version}\nbuild={build}\n\n[bundle]\nformat=verity\n\n"
        "[image.rootfs]\nfilename=rootfs.img\nadaptive=block-hash-index\n\n"
        "[image.boot]\nfilename=boot.img\nadaptive=block-hash-index\n"
    )


def make_bundle(target: Path, text: str, root: Path, boot: Path, keys: Keys) -> None:
    """Sign and write a bundle; the manifest's text is given, so that tests can make wrong ones."""
    work = target.with_suffix(".files")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        (work / "manifest.raucm").write_text(text)
        for name, source in (("rootfs.img", root), ("boot.img", boot)):
            shutil.copyfile(source, work / name)
        target.unlink(missing_ok=True)
        # The images are compressed already.
        compress = "--mksquashfs-args=-comp zstd -Xcompression-level 3 -no-xattrs"
        run("rauc", f"--cert={keys.certificate}", f"--key={keys.key}", "bundle", compress, work, target)
        check(target, keys.keyring, work / "system.conf")
    finally:
        shutil.rmtree(work)


def manifest_hash(bundle: Path, keys: Keys) -> str:
    """The SHA-256 (hex) of the signed manifest: what RAUC answers as ``manifest-hash``, and an address may ask for."""
    with tempfile.TemporaryDirectory() as work:
        signature, text = Path(work, "signature"), Path(work, "manifest")
        run("rauc", _trusting(keys.keyring, Path(work, "system.conf")), "extract-signature", bundle, signature)
        words = ("-inform", "DER", "-in", signature, "-CAfile", keys.keyring, "-purpose", "any", "-binary")
        run("openssl", "cms", "-verify", *words, "-out", text)
        return hashlib.sha256(text.read_bytes()).hexdigest()


def check(bundle: Path, keyring: Path, config: Path) -> None:
    """Look at a bundle as a device does. Raises BuildError where the device would refuse its signature."""
    run("rauc", _trusting(keyring, config), "info", bundle)


def _trusting(keyring: Path, config: Path) -> str:
    """RAUC's word for a configuration that trusts as the image does."""
    config.write_text(
        f"[system]\ncompatible={COMPATIBLE}\nbootloader=noop\n\n[keyring]\npath={keyring}\ncheck-purpose=codesign\n"
    )
    return f"--conf={config}"
