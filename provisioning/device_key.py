"""The device's own key towards hubs, in one private file; ``python -m provisioning.device_key FILE`` makes it.

One file holds the key and, while a change of keys is under way, the next one beside it: each step is one rename, so
that a power cut leaves the device with a key that its hub knows.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foundation.files import create_private, read_private, write_private
from protocol.fields import Base64Bytes, GatewayId, PublicKey
from protocol.identity import key_id, rotation_bytes
from protocol.problems import Problem, ProblemCode
from provisioning.signing import SEED_BYTES, new_seed, public_of, sign


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key and the public key that belongs to it."""

    public: bytes
    seed: bytes

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public!r})"

    def sign(self, data: bytes) -> bytes:
        """The Ed25519 signature of these bytes."""
        return sign(self.seed, data)

    @classmethod
    def new(cls) -> KeyPair:
        """One that nobody had before."""
        seed = new_seed()
        return cls(public_of(seed), seed)


@dataclass(frozen=True, slots=True)
class DeviceKeys:
    """What the device signs with. ``device_id`` is the name of the key that its hub met first, and stays with it."""

    device_id: str
    current: KeyPair
    next: KeyPair | None = None
    """The key that the hub was told of and has not accepted yet."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new key that both keys vouch for."""

    public_key: bytes
    signed_by_old: bytes
    signed_by_new: bytes


class DeviceKeyFile:
    """The keys in their file (mode 0600). Every method blocks for a small file and raises :class:`Problem`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """Where the keys are."""
        return self._path

    def read(self) -> DeviceKeys | None:
        """The keys; None before the first start."""
        content = read_private(self._path)
        if content is None:
            return None
        try:
            return _Plain.model_validate_json(content).keys()
        except ValidationError:
            # The message of the error would show the content, and with it the key.
            raise Problem(
                ProblemCode.UNAVAILABLE,
                f"{self._path} does not hold this device's key. Bring it back from a backup, or remove it: the device "
                "then gets a new identity and has to be claimed again.",
            ) from None

    def ensure(self) -> DeviceKeys:
        """The keys, made where there are none. All who ask at once get the same."""
        keys = self.read()
        while keys is None:
            first = KeyPair.new()
            create_private(self._path, _json(DeviceKeys(key_id(first.public), first)))
            keys = self.read()
        return keys

    def rotate(self) -> Rotation:
        """Make the next key, unless one waits already, and have both keys vouch for it."""
        keys = self.ensure()
        if keys.next is None:
            keys = replace(keys, next=KeyPair.new())
            self._write(keys)
        return rotation_of(keys, keys.next or keys.current)

    def accept(self, public_key: bytes) -> bool:
        """The hub knows the device by this key from now on; False when it is not the one that waits."""
        keys = self.ensure()
        if keys.next is None or keys.next.public != public_key:
            return False
        self._write(DeviceKeys(keys.device_id, keys.next))
        return True

    def part(self) -> None:
        """The hub was left: to another one the device is named after the key that it has now."""
        keys = self.read()
        name = None if keys is None else key_id(keys.current.public)
        if keys is not None and name is not None and (keys.next, keys.device_id) != (None, name):
            self._write(DeviceKeys(name, keys.current))

    def _write(self, keys: DeviceKeys) -> None:
        write_private(self._path, _json(keys))


def rotation_of(keys: DeviceKeys, new: KeyPair) -> Rotation:
    """The words in which both keys say that ``new`` follows."""
    said = rotation_bytes(keys.device_id, keys.current.public, new.public)
    return Rotation(new.public, keys.current.sign(said), new.sign(said))


class _Pair(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    public_key: PublicKey
    key: Base64Bytes = Field(min_length=SEED_BYTES, max_length=SEED_BYTES, repr=False)

    def pair(self) -> KeyPair:
        return KeyPair(self.public_key, self.key)


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    device_id: GatewayId
    current: _Pair
    next: _Pair | None = None

    def keys(self) -> DeviceKeys:
        return DeviceKeys(self.device_id, self.current.pair(), None if self.next is None else self.next.pair())


def _json(keys: DeviceKeys) -> bytes:
    following = None if keys.next is None else _Pair(public_key=keys.next.public, key=keys.next.seed)
    current = _Pair(public_key=keys.current.public, key=keys.current.seed)
    return _Plain(device_id=keys.device_id, current=current, next=following).model_dump_json().encode()


def main(arguments: list[str]) -> int:
    """Make the key in this file where there is none. In a process of its own, so that the daemon stays small."""
    try:
        DeviceKeyFile(Path(arguments[0])).ensure()
    except Problem as problem:
        sys.stdout.write(problem.message + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
