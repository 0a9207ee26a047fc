"""What the doctor says of release folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from appliance.checks.releases import judge
from appliance.checks.types import Finding, Verdict
from appliance.updates.folders.places import Places


class Installation:
    """Release folders that are as they should be."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "hutch")
        self.keys, self.brought, self.installed = folder / "keys", folder / "brought", folder / "installed"
        for made in (self.places.releases / "1.0.0", self.keys, self.brought, self.installed, folder / "hutch/state"):
            made.mkdir(parents=True)
        (self.places.releases / "1.0.0/release.json").write_text('{"version": "1.0.0", "slot": "A"}')
        (self.places.top / "current").symlink_to("releases/1.0.0")
        pem = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.keys / "one.pem").write_bytes(pem)
        for unit in (self.brought / "hutch.service", self.installed / "hutch.service"):
            unit.write_text("[Unit]")

    def judged(self) -> Finding:
        return judge(self.places, self.keys, self.brought, self.installed)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_all_is_well(installation: Installation) -> None:
    assert installation.judged() == Finding(Verdict.OK, "version 1.0.0 in slot A")


def test_what_is_wrong_is_told(installation: Installation) -> None:
    (installation.installed / "hutch.service").write_text("[Unit] of another version")
    assert "hutch.service is not the one of version 1.0.0" in installation.judged().text
    (installation.keys / "one.pem").write_text("no key")
    assert "no update is taken" in installation.judged().text
    (installation.places.top / "state/trial").write_text("1.0.0 1")
    assert "being tried" in installation.judged().text
    (installation.places.releases / "1.0.0/release.json").unlink()
    assert installation.judged().verdict is Verdict.FAIL
