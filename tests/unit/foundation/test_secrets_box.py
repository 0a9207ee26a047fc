from __future__ import annotations

import os
from pathlib import Path

import pytest

from foundation.secrets_box import KEY_BYTES, SecretsBox, load_secrets_box
from protocol.problems import Problem, ProblemCode


def test_what_is_sealed_comes_back_and_cannot_be_read() -> None:
    box = SecretsBox(os.urandom(KEY_BYTES))
    sealed = box.seal("mailto://me:pässword@example.org", "target:7")
    assert box.open(sealed, "target:7") == "mailto://me:pässword@example.org"
    assert b"ssword" not in sealed
    assert box.seal("mailto://me:pässword@example.org", "target:7") != sealed


def test_another_place_another_key_and_damage_are_refused() -> None:
    box = SecretsBox(b"a" * KEY_BYTES)
    sealed = box.seal("secret", "target:7")
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for other, text, place in (
        (box, sealed, "target:8"),
        (SecretsBox(b"b" * KEY_BYTES), sealed, "target:7"),
        (box, damaged, "target:7"),
        (box, b"\x02" + sealed[1:], "target:7"),
        (box, b"", "target:7"),
        (box, sealed[:10], "target:7"),
    ):
        with pytest.raises(Problem) as refused:
            other.open(text, place)
        assert refused.value.code is ProblemCode.UNAVAILABLE


def test_the_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secrets.key"
    sealed = load_secrets_box(path).seal("secret", "here")
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_secrets_box(path).open(sealed, "here") == "secret"
    path.write_bytes(b"short")
    with pytest.raises(Problem, match=r"secrets\.key"):
        load_secrets_box(path)
