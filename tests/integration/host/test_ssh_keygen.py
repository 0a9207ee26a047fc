"""Our reading of keys against OpenSSH's own."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.host.ssh_keys import SshKeys
from tests.unit.gateway.recorder import Recorder

KINDS = [("ed25519", 256), ("rsa", 2048), ("rsa", 3072), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521)]


def ssh_keygen(*words: str) -> str:
    return subprocess.run(["ssh-keygen", *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(("kind", "bits"), KINDS)
async def test_openssh_reads_the_same_keys_from_our_file(tmp_path: Path, kind: str, bits: int) -> None:
    made = tmp_path / "key"
    ssh_keygen("-q", "-t", kind, "-b", str(bits), "-N", "", "-C", "somebody", "-f", str(made))
    path = tmp_path / "ssh" / "authorized_keys"
    keys = SshKeys(path, Recorder())
    added = await keys.authorize(made.with_suffix(".pub").read_text(), "Phone of Zoë", datetime.now(UTC) + timedelta(1))
    size, fingerprint, *comment = ssh_keygen("-l", "-f", str(path)).split()
    assert (int(size), fingerprint) == (bits, added.fingerprint)
    assert " ".join(comment[1:]).startswith("Phone of Zo")
