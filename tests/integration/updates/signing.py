"""Keys and signed bundles, made by the real rauc program."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

COMPATIBLE = "hutch-arm64"
_DAY = timedelta(days=1)
_LONG = timedelta(days=4000)


@dataclass(frozen=True)
class Signer:
    """A key and its certificate, as files."""

    key: Path
    certificate: Path


class Authority:
    """A certificate authority, such as ``make keys`` makes one."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(self._name, self._key, -_LONG, _LONG).add_extension(
            x509.BasicConstraints(True, None), True
        )
        self.certificate = self._save(name, self._key, builder.sign(self._key, hashes.SHA256())).certificate

    def signer(self, name: str, begins: timedelta = -_DAY, ends: timedelta = _LONG) -> Signer:
        """A certificate for signing, valid between two times from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            self._builder(subject, key, begins, ends)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False)
            .add_extension(x509.BasicConstraints(False, None), True)
        )
        return self._save(name, key, builder.sign(self._key, hashes.SHA256()))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, begins: timedelta, ends: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )

    def _save(self, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Signer:
        signer = Signer(self._folder / f"{name}.key", self._folder / f"{name}.pem")
        pem = serialization.Encoding.PEM
        signer.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        signer.certificate.write_bytes(certificate.public_bytes(pem))
        return signer


def make_bundle(
    path: Path, signer: Signer, *, version: str = "0.2.0", compatible: str = COMPATIBLE, size: int = 300_000
) -> bytes:
    """Write a bundle with a root file system of random bytes, which are returned.

    In the plain format: RAUC would mount a verity bundle with device-mapper, which containers do not have.
    """
    content = path.with_suffix(".content")
    content.mkdir()
    image = os.urandom(size // 1024 * 1024)
    (content / "rootfs.img").write_bytes(image)
    (content / "manifest.raucm").write_text(
        f"[update]\ncompatible={compatible}\nversion={version}\n\n"
        "[bundle]\nformat=plain\n\n[image.rootfs]\nfilename=rootfs.img\n"
    )
    command = ["rauc", "--cert", str(signer.certificate), "--key", str(signer.key), "bundle", str(content), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return image
