from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from protocol.identity import key_id, rotation_bytes
from protocol.problems import Problem
from provisioning.device_key import DeviceKeyFile, main
from provisioning.signing import new_seed, public_of, sign, verify


def test_a_signature_holds_for_its_key_and_bytes_alone() -> None:
    seed = new_seed()
    public, signature = public_of(seed), sign(seed, b"said")
    assert verify(public, signature, b"said")
    assert not verify(public, signature, b"sad")
    assert not verify(public_of(new_seed()), signature, b"said")
    assert not verify(b"short", signature, b"said")
    assert not verify(public, b"short", b"said")


def test_the_key_of_rfc_8032_is_ours() -> None:
    """Test 1 of section 7.1."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert public_of(seed).hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert sign(seed, b"").hex().startswith("e5564300c360ac729086e2cc806e828a")


def test_the_key_is_made_once_private_and_names_the_device(tmp_path: Path) -> None:
    file = DeviceKeyFile(tmp_path / "data" / "key.json")
    assert file.read() is None
    keys = file.ensure()
    assert keys.device_id == key_id(keys.current.public)
    assert public_of(keys.current.seed) == keys.current.public
    assert file.ensure() == keys == DeviceKeyFile(file.path).read()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert keys.current.seed.hex() not in repr(keys)


def test_all_who_ask_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda _: DeviceKeyFile(tmp_path / "key.json").ensure().current, range(32))
        assert len(set(made)) == 1


def test_a_rotation_keeps_both_keys_until_the_hub_accepts_the_new_one(tmp_path: Path) -> None:
    file = DeviceKeyFile(tmp_path / "key.json")
    before = file.ensure()
    rotation = file.rotate()
    said = rotation_bytes(before.device_id, before.current.public, rotation.public_key)
    assert verify(before.current.public, rotation.signed_by_old, said)
    assert verify(rotation.public_key, rotation.signed_by_new, said)
    between = file.ensure()
    assert between.current == before.current
    assert between.next is not None
    assert between.next.public == rotation.public_key
    assert file.rotate() == rotation, "asked twice, the device makes one key"
    assert not file.accept(before.current.public)
    assert file.accept(rotation.public_key)
    assert not file.accept(rotation.public_key)
    after = file.ensure()
    assert after.current == between.next
    assert after.next is None
    assert after.device_id == before.device_id, "a device keeps its id when its key changes"


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"device_id": "x", "current": {"public_key": "AAAA", "key": "c2VjcmV0"}}']
)
def test_a_file_that_is_not_ours_is_a_problem_without_its_content(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(content)
    with pytest.raises(Problem, match=r"key\.json") as caught:
        DeviceKeyFile(path).ensure()
    assert "c2VjcmV0" not in caught.value.message
    assert caught.value.__cause__ is None
    assert path.read_bytes() == content, "a key that cannot be read is never written over"


def test_a_device_that_left_its_hub_is_named_after_the_key_it_has(tmp_path: Path) -> None:
    file = DeviceKeyFile(tmp_path / "key.json")
    file.part()
    assert file.read() is None
    first = file.ensure()
    file.part()
    assert file.ensure() == first
    file.accept(file.rotate().public_key)
    file.rotate()
    file.part()
    after = file.ensure()
    assert after.device_id == key_id(after.current.public) != first.device_id
    assert after.next is None


def test_a_process_of_its_own_makes_the_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "key.json"
    command = [sys.executable, "-m", "provisioning.device_key", str(path)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    assert DeviceKeyFile(path).read() is not None
    assert main([str(path)]) == 0
    path.write_bytes(b"{}")
    assert main([str(path)]) == 1
    assert "key.json" in capsys.readouterr().out


def test_a_device_without_a_hub_does_not_load_the_library() -> None:
    program = (
        "import sys, provisioning.device_key, provisioning.hub_memory, provisioning.identity, gateway.hub_link.link\n"
        "assert not [name for name in sys.modules if name.startswith('cryptography')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3], env=dict(os.environ))
