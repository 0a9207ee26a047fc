"""Release archives: what is signed is taken, and whatever else is in them leaves nothing behind."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.updates.folders import archive as archives
from appliance.updates.folders.archive import inspect, unpack
from appliance.updates.folders.signature import Statement, check, sign
from protocol.problems import Problem, ProblemCode

KEY = Ed25519PrivateKey.generate()
TOP = "hutch-1.2.3"
Member = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"content", mode: int = 0o644) -> Member:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info, b""


def packed(members: Sequence[Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for info, content in members:
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


def bundled(path: Path, content: bytes, signature: bytes | None = None, name: str = f"{TOP}.tar.gz") -> Path:
    if signature is None:
        statement = Statement("1.2.3", name, len(content), hashlib.sha256(content).hexdigest())
        signature = sign(statement, KEY)
    with tarfile.open(path, "w") as outer:
        for one, data in ((f"{name}.sig", signature), (name, content)):
            info, body = file(one, data)
            outer.addfile(info, io.BytesIO(body))
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys"
    folder.mkdir()
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "ours.pem").write_bytes(pem)
    (folder / "nothing.pem").write_text("no key")
    return folder


def refusal(bundle: Path, keys: Path, target: Path) -> str:
    with pytest.raises(Problem) as caught:
        unpack(bundle, keys, target)
    assert caught.value.code is ProblemCode.BUNDLE_REFUSED
    assert not target.exists()
    return caught.value.message


def test_what_is_signed_is_unpacked(tmp_path: Path, keys: Path) -> None:
    members = [file(f"{TOP}/VERSION"), file(f"{TOP}/bin/run", b"#!/bin/sh", 0o4755)]
    bundle = bundled(tmp_path / "b", packed(members))
    assert inspect(bundle, keys).version == "1.2.3"
    folder = unpack(bundle, keys, tmp_path / "target")
    assert (folder / "VERSION").read_bytes() == b"content"
    assert (folder / "bin/run").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize(
    "member",
    [
        file("/etc/passwd"),
        file(f"{TOP}/../../etc/passwd"),
        file("elsewhere/file"),
        link(f"{TOP}/out", "/etc"),
        link(f"{TOP}/out", "../../etc"),
        link(f"{TOP}/hard", "/etc/passwd", tarfile.LNKTYPE),
        link(f"{TOP}/fifo", "", tarfile.FIFOTYPE),
        link(f"{TOP}/device", "", tarfile.BLKTYPE),
    ],
    ids=lambda member: f"{member[0].type!r} {member[0].name}",
)
def test_nothing_gets_out_of_the_folder(tmp_path: Path, keys: Path, member: Member) -> None:
    bundle = bundled(tmp_path / "b", packed([file(f"{TOP}/VERSION"), member]))
    assert "outside" in refusal(bundle, keys, tmp_path / "target")


def test_an_archive_of_zeros_does_not_fill_the_disk(
    tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1024 * 1024)
    bundle = bundled(tmp_path / "b", packed([file(f"{TOP}/VERSION"), file(f"{TOP}/big", bytes(2 * 1024 * 1024))]))
    assert "larger" in refusal(bundle, keys, tmp_path / "target")


def test_what_was_changed_is_refused(tmp_path: Path, keys: Path) -> None:
    whole = packed([file(f"{TOP}/VERSION")])
    statement = Statement("1.2.3", f"{TOP}.tar.gz", len(whole), hashlib.sha256(whole).hexdigest())
    other = gzip.compress(gzip.decompress(whole).replace(b"content", b"changed"), mtime=0)[: len(whole)]
    other = other + bytes(len(whole) - len(other))
    bundle = bundled(tmp_path / "b", other, sign(statement, KEY))
    refusal(bundle, keys, tmp_path / "target")
    with pytest.raises(Problem, match="changed after it was signed"):
        inspect(bundle, keys)


def test_a_signature_of_another_key_is_refused(tmp_path: Path, keys: Path) -> None:
    content = packed([file(f"{TOP}/VERSION")])
    statement = Statement("1.2.3", f"{TOP}.tar.gz", len(content), hashlib.sha256(content).hexdigest())
    bundle = bundled(tmp_path / "b", content, sign(statement, Ed25519PrivateKey.generate()))
    assert "does not trust" in refusal(bundle, keys, tmp_path / "target")


def test_a_signature_stands_for_one_statement(keys: Path) -> None:
    signed = sign(Statement("1.2.3", f"{TOP}.tar.gz", 1, "0" * 64), KEY)
    assert check(signed, keys).size == 1
    with pytest.raises(Problem, match="signature is wrong"):
        check(signed.replace(b"version 1.2.3", b"version 1.2.4"), keys)
    with pytest.raises(Problem, match="not signed"):
        check(signed.partition(b"signature")[0], keys)


@given(cut=st.integers(0, 12_000), flip=st.integers(0, 12_000))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_always_a_refusal(tmp_path: Path, keys: Path, cut: int, flip: int) -> None:
    content = packed([file(f"{TOP}/VERSION"), file(f"{TOP}/data", bytes(range(256)) * 8)])
    whole = bytearray(bundled(tmp_path / "whole", content).read_bytes())
    data_ends = 512 + 512 + 512 + len(content)
    damaged = tmp_path / "damaged"
    damaged.write_bytes(bytes(whole[: min(cut, data_ends - 1)]))
    refusal(damaged, keys, tmp_path / "target")
    at = 1536 + flip % len(content)
    whole[at] ^= 0x55
    damaged.write_bytes(whole)
    refusal(damaged, keys, tmp_path / "target")


def test_openssl_agrees(tmp_path: Path, keys: Path) -> None:
    """install.sh checks the same statement with openssl."""
    signed = sign(Statement("1.2.3", f"{TOP}.tar.gz", 1, "0" * 64), KEY)
    (tmp_path / "sig").write_bytes(signed)
    script = (
        "sed '/^signature /,$d' sig >message; sed -n 's/^signature //p' sig | base64 -d >raw; "
        "openssl pkeyutl -verify -pubin -inkey keys/ours.pem -rawin -in message -sigfile raw"
    )
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True, capture_output=True)
