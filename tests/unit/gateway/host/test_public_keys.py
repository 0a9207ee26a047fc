from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.host.public_keys import parse_public_key
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.host.keys import blob, ecdsa, ed25519, public_key, rsa

# A published key and the fingerprint OpenSSH prints for it: github.com's host key.
GITHUB = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
GITHUB_FINGERPRINT = "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"


def test_fingerprint_is_the_one_openssh_prints() -> None:
    assert parse_public_key(GITHUB).fingerprint == GITHUB_FINGERPRINT


@pytest.mark.parametrize(
    "text",
    [
        ed25519(),
        rsa(2048),
        rsa(4096),
        ecdsa("nistp256", 32),
        ecdsa("nistp384", 48),
        ecdsa("nistp521", 66),
        public_key("sk-ssh-ed25519@openssh.com", b"\x02" * 32, b"ssh:"),
        public_key("sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", b"\x04" + b"\x02" * 64, b"ssh:"),
    ],
    ids=lambda text: text.split()[0],
)
def test_every_allowed_algorithm_is_taken_and_comments_are_left_out(text: str) -> None:
    key = parse_public_key(f"  {text} somebody@somewhere\n")
    assert f"{key.algorithm} {key.base64}" == text


def _damaged() -> dict[str, str]:
    algorithm, encoded = ed25519(b"seed").split()
    return {
        "empty": "",
        "algorithm alone": "ssh-ed25519",
        "options": f'command="rm -rf /" {algorithm} {encoded}',
        "two lines": f"{algorithm} {encoded}\n{algorithm} {encoded}",
        "carriage return": f"{algorithm} {encoded}\rssh-rsa AAAA",
        "NUL": f"{algorithm} {encoded} a\0b",
        "too long": f"{algorithm} {encoded} {'x' * 20_000}",
        "not base64": f"{algorithm} ====",
        "cut short": f"{algorithm} {encoded[:40]}",
        "padding that is not canonical": f"{algorithm} {encoded}====",
        "says another algorithm inside": f"ssh-rsa {encoded}",
        "bytes after the key": public_key("ssh-ed25519", b"\x01" * 32, b"more"),
        "31 bytes": public_key("ssh-ed25519", b"\x01" * 31),
        "length beyond the end": "ssh-ed25519 " + base64.b64encode(blob(b"ssh-ed25519") + b"\xff" * 8).decode(),
        "dsa": public_key("ssh-dss", b"\x01", b"\x02", b"\x03", b"\x04"),
        "certificate": public_key("ssh-ed25519-cert-v01@openssh.com", b"\x01" * 32),
        "rsa of 1024 bits": rsa(1024),
        "rsa of 2047 bits": rsa(2047),
        "rsa of 32768 bits": rsa(32768),
        "rsa with exponent 1": rsa(2048, 1),
        "rsa with an even exponent": rsa(2048, 4),
        "negative modulus": public_key("ssh-rsa", b"\x03", b"\x80" * 256),
        "curve of another name": public_key("ecdsa-sha2-nistp256", b"nistp384", b"\x04" + b"\x01" * 64),
        "compressed point": public_key("ecdsa-sha2-nistp256", b"nistp256", b"\x02" + b"\x01" * 64),
        "security key without application": public_key("sk-ssh-ed25519@openssh.com", b"\x01" * 32),
    }


@pytest.mark.parametrize("text", _damaged().values(), ids=_damaged().keys())
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_public_key(text)
    assert refused.value.code is ProblemCode.KEY_INVALID


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: "ssh-ed25519 " + base64.b64encode(b).decode()))
def test_whatever_comes_is_a_key_or_refused(text: str) -> None:
    try:
        taken = parse_public_key(text).base64
    except Problem as problem:
        taken = str(problem.code)
    assert taken == ProblemCode.KEY_INVALID or taken in text
