"""Names of keys and the bytes that are signed: fixed texts, because other programs make the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from protocol.identity import fingerprint, key_id, proof_bytes, rotation_bytes, short_fingerprint

KEY = bytes(range(32))
"""Its SHA-256 is 630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd."""


def test_a_key_has_a_name_and_two_fingerprints() -> None:
    assert key_id(KEY) == "hutch-mmg42klgyqzwneiskrel"
    assert fingerprint(KEY) == "SHA256:Yw3NKWbEM2aRElRIu7JbT/QSpJxzLbLIq8G4WBvXEN0"
    assert short_fingerprint(KEY) == "630D CD29 66C4 3366"


def test_the_signed_lines_are_these() -> None:
    at = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
    nonce = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    said = f"hutch-link-1\n{nonce}\nhub.example:8443\nhutch-x\n2026-11-21T08:30:00Z"
    assert proof_bytes(KEY, "hub.example:8443", "hutch-x", at) == said.encode()
    there = (at + timedelta(microseconds=250_000)).astimezone(timezone(timedelta(hours=2)))
    assert proof_bytes(KEY, "h", "g", there).endswith(b"\n2026-11-21T08:30:00.250000Z")


def test_a_rotation_names_the_device_and_both_keys() -> None:
    old, new = bytes(32), bytes([1]) + bytes(31)
    assert rotation_bytes("hutch-x", old, new) == b"\n".join(
        (b"hutch-rotate-1", b"hutch-x", b"A" * 43 + b"=", b"AQ" + b"A" * 41 + b"=")
    )
    assert rotation_bytes("hutch-x", old, new) != rotation_bytes("hutch-x", new, old)
