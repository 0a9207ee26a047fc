"""The hub's key and its file."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.tunnel.assertions import Assertions, PinnedHub
from hub.tunnel.keys import HubKey, Vouching
from hub.tunnel.visitor import Visitor
from protocol.problems import Problem, ProblemCode


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "hub.pem"
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(lambda _: HubKey.load(path), range(8)))
    assert len({key.public_bytes for key in keys}) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(keys[0].public_bytes) == 32


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_a_file_that_holds_something_else(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "hub.pem"
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(other if content is None else content)
    with pytest.raises(Problem) as caught:
        HubKey.load(path)
    assert caught.value.code is ProblemCode.KEY_INVALID


def test_what_one_end_signs_the_other_believes(tmp_path: Path) -> None:
    key = HubKey.load(tmp_path / "hub.pem")
    visitor = Visitor("7", "Ann Müller", "operator", "login-1", by_cookie=True)
    token = Vouching(key, lambda: "hub.example.org", lambda: 1000.9).for_request(
        visitor, "gw-1", prefix="/devices/gw-1", scheme="https", host="hub.example.org:8443"
    )
    pinned = PinnedHub("gw-1", key.public_bytes, frozenset({"hub.example.org"}))
    said = Assertions(lambda: pinned, lambda: 1001.0).check(token)
    assert (said.sub, said.name, said.role, said.jti, said.cookie) == ("7", "Ann Müller", "operator", "login-1", True)
    assert (said.prefix, said.scheme, said.host) == ("/devices/gw-1", "https", "hub.example.org:8443")
    with pytest.raises(Problem):
        Assertions(lambda: None, lambda: 1001.0).check(token)
