"""A device that shows a key of its own: claimed, known, refused, and with another key."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import SecretStr

from gateway.hub_link.link import HubLink
from gateway.hub_link.status import Claim
from gateway.sessions.types import SessionSpec
from protocol.identity import key_id, short_fingerprint
from protocol.problems import Problem, ProblemCode
from provisioning.device_key import DeviceKeyFile, DeviceKeys
from provisioning.hub_credentials import HubCredentials
from tests.doubles.control_plane import ControlPlane
from tests.doubles.control_plane.keys import CLAIM_URL, CODE
from tests.integration.hub_link.memory import MemoryDevice
from tests.integration.hub_link.rig import ManualClock, running, status


def keys_in(folder: Path) -> DeviceKeys:
    return DeviceKeyFile(folder / "device-key.json").ensure()


@pytest.fixture
def keys(tmp_path: Path) -> DeviceKeys:
    return keys_in(tmp_path)


async def test_a_device_is_claimed_by_its_code_and_known_ever_after(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    await memory.sessions.create(SessionSpec("one", Path("work"), session_id="one"))
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        shown = await claim_shown(link, memory)
        assert (shown.code, shown.url) == (CODE, CLAIM_URL)
        assert CODE not in repr(link.status), "a status reaches logs"
        assert link.status.device_id == keys.device_id
        assert link.status.fingerprint is not None
        hub = await plane.connected()
        assert [m["type"] for m in hub.journal.messages()] == ["gateway.proof"]
        await plane.desk.show_code(hub, "ZZZZ-9XWM-T")
        await settled(link, memory, lambda: link.status.claim is not None and link.status.claim.code.startswith("ZZZZ"))
        plane.desk.claim(keys.device_id, keys.current.public)
        online = await status(link, memory.bus, "online")
        await hub.event("session.snapshot")
        assert online.claim is None
        assert link.status.organisation == "Home"
        assert link.status.name == "kitchen"
    handshake = plane.handshakes[0]
    assert handshake.authorization == "Hutch-Key"
    assert handshake.gateway_id == keys.device_id
    kinds = [message["type"] for message in hub.journal.messages()]
    assert kinds == ["gateway.proof", "gateway.hello", "gateway.health", "session.snapshot"]
    hello = next(hub.journal.messages("gateway.hello"))
    assert hello["gateway_id"] == keys.device_id
    assert hello["allows"] == ["health", "terminals", "pages", "files", "keys", "agents", "update"]
    assert "policy/1" in hello["features"]
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await status(link, memory.bus, "online")
        assert link.terms.hub_key == plane.desk.hub_key


async def test_a_token_for_many_devices_claims_without_a_person(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    plane.desk.batches.add("hutch_batch_once")
    async with running(memory.services, tmp_path, plane.url, token="hutch_batch_once") as link:
        await status(link, memory.bus, "online")
    (proof,) = plane.desk.proofs
    assert proof["hostname"] == "box"
    assert proof["version"] == "0.1.0"


async def test_a_clock_that_is_off_is_shown_and_the_device_goes_on_trying(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    plane.desk.claim(keys.device_id, keys.current.public)
    plane.desk.hours_ahead = 7
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        waiting = await status(link, memory.bus, "waiting")
        assert waiting.last_error is not None
        assert "7 h off" in waiting.last_error
        plane.desk.hours_ahead = 0
        await status(link, memory.bus, "online")


@pytest.mark.parametrize(
    "refusal",
    [(4401, "proof"), (4404, "took this device off"), (4409, "took the place"), (4410, "two devices"), (4429, "many")],
)
async def test_what_a_hub_refuses_is_said_and_tried_again(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path, refusal: tuple[int, str]
) -> None:
    plane.desk.claim(keys.device_id, keys.current.public)
    plane.desk.refuse_with, word = refusal
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        waiting = await status(link, memory.bus, "waiting")
        assert waiting.last_error is not None
        assert word in waiting.last_error
        plane.desk.refuse_with = None
        await status(link, memory.bus, "online")


async def test_a_revoked_device_tries_seldom(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    plane.desk.claim(keys.device_id, keys.current.public)
    clock = ManualClock()
    async with running(memory.services, tmp_path, plane.url, token=None, clock=clock) as link:
        hub = await plane.connected()
        await status(link, memory.bus, "online")
        await hub.close(4404, "taken off")
        await status(link, memory.bus, "waiting")
        clock.advance(14.9)
        assert len(plane.handshakes) == 1
        clock.advance(0.2)
        await plane.tried(2)


async def test_a_proof_is_for_the_address_that_was_dialled_alone(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    plane.desk.claim(keys.device_id, keys.current.public)
    plane.desk.hub = "bank.example"
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await status(link, memory.bus, "waiting")
    assert set(plane.desk.refusals) == {4401}


async def test_a_hub_with_another_key_is_not_believed_and_the_person_is_told(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    plane.desk.claim(keys.device_id, keys.current.public)
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await status(link, memory.bus, "online")
        trusted = plane.desk.hub_key
        plane.desk.hub_key = bytes(32)
        plane.links[-1].drop()
        await plane.connected(2)
        await settled(link, memory, lambda: link.status.hub_changed)
        assert link.terms.hub_key is None
        assert link.terms.memory.hub_key == trusted
        await link.configure(None)
        await link.configure(HubCredentials(url=plane.url))
        await settled(link, memory, lambda: link.terms.hub_key == bytes(32))
        assert not link.status.hub_changed


async def test_a_key_is_changed_when_the_hub_asks_and_counts_when_it_accepts(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    plane.desk.claim(keys.device_id, keys.current.public)
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await status(link, memory.bus, "online")
        hub = plane.links[-1]
        rotated = (await hub.command("key.rotate")).event("key.rotated")
        check_rotation(rotated, keys)
        again = (await hub.command("key.rotate")).event("key.rotated")
        assert again["public_key"] == rotated["public_key"]
        before = link.status.fingerprint
        await plane.desk.accept(hub, rotated["public_key"])
        await settled(link, memory, lambda: link.status.fingerprint != before)
        hub.drop()
        await plane.connected(2)
        await status(link, memory.bus, "online")
    assert plane.desk.proofs[-1]["public_key"] == rotated["public_key"]
    assert plane.handshakes[-1].gateway_id == keys.device_id
    assert plane.desk.refusals == []
    assert (await asyncio.to_thread(keys_in, tmp_path)).next is None


async def test_a_hub_that_never_heard_of_the_new_key_is_shown_the_old_one_and_told_again(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    await asyncio.to_thread(DeviceKeyFile(tmp_path / "device-key.json").rotate)
    plane.desk.claim(keys.device_id, keys.current.public)
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        hub = await plane.connected(2)
        rotated = await hub.event("key.rotated")
        assert "request_id" not in rotated
        check_rotation(rotated, keys)
        assert plane.desk.refusals == [4401]
        assert link.status.state == "online"


async def test_a_hub_that_knows_the_new_key_already_ends_the_change(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    rotation = await asyncio.to_thread(DeviceKeyFile(tmp_path / "device-key.json").rotate)
    plane.desk.claim(keys.device_id, rotation.public_key)
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await settled(link, memory, lambda: link.status.fingerprint == short_fingerprint(rotation.public_key))
    after = await asyncio.to_thread(keys_in, tmp_path)
    assert after.current.public == rotation.public_key
    assert after.next is None


async def test_a_device_with_a_changed_key_can_join_another_hub(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    plane.desk.claim(keys.device_id, keys.current.public)
    async with running(memory.services, tmp_path, plane.url, token=None) as link, ControlPlane() as other:
        await status(link, memory.bus, "online")
        rotated = (await plane.links[-1].command("key.rotate")).event("key.rotated")
        before = link.status.fingerprint
        await plane.desk.accept(plane.links[-1], rotated["public_key"])
        await settled(link, memory, lambda: link.status.fingerprint != before)
        await link.configure(HubCredentials(url=other.url))
        await settled(link, memory, lambda: link.status.claim is not None)
        now = await asyncio.to_thread(keys_in, tmp_path)
        assert link.status.device_id == now.device_id == key_id(now.current.public) != keys.device_id
        assert other.desk.refusals == []


async def test_a_person_changes_the_key_where_there_is_one(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path
) -> None:
    plane.desk.claim(keys.device_id, keys.current.public)
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await status(link, memory.bus, "online")
        await link.rotate_key()
        check_rotation(await plane.links[-1].event("key.rotated"), keys)
    async with running(memory.services, tmp_path / "other", plane.url) as link:
        await status(link, memory.bus, "online")
        with pytest.raises(Problem) as caught:
            await link.rotate_key()
        assert caught.value.code is ProblemCode.CONFLICT


async def test_a_key_that_cannot_be_read_is_said_and_not_replaced(
    plane: ControlPlane, memory: MemoryDevice, tmp_path: Path
) -> None:
    path = tmp_path / "device-key.json"
    path.write_bytes(b"{}")
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await settled(link, memory, lambda: "device-key.json" in (link.status.last_error or ""))
        assert link.status.state == "off"
    assert path.read_bytes() == b"{}"


async def test_neither_the_key_nor_the_tokens_reach_a_log(
    plane: ControlPlane, memory: MemoryDevice, keys: DeviceKeys, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    plane.desk.batches.add("hutch_batch_secret")
    async with running(memory.services, tmp_path, plane.url, token=None) as link:
        await claim_shown(link, memory)
        await link.configure(HubCredentials.of(plane.url, SecretStr("hutch_batch_secret")))
        await status(link, memory.bus, "online")
    for secret in ("hutch_batch_secret", CODE, base64.b64encode(keys.current.seed).decode()):
        assert secret not in "".join(record.getMessage() for record in caplog.records if "gateway" in record.name)


def check_rotation(rotated: dict[str, str], keys: DeviceKeys) -> None:
    """Both keys say what the wire document has them say."""
    old = base64.b64encode(keys.current.public).decode()
    said = "\n".join(("hutch-rotate-1", keys.device_id, old, rotated["public_key"])).encode()
    for key, signature in ((old, "signed_by_old"), (rotated["public_key"], "signed_by_new")):
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key))
        public.verify(base64.b64decode(rotated[signature]), said)


async def claim_shown(link: HubLink, memory: MemoryDevice) -> Claim:
    await settled(link, memory, lambda: link.status.claim is not None)
    assert link.status.state == "unclaimed"
    assert link.status.claim is not None
    return link.status.claim


async def settled(link: HubLink, memory: MemoryDevice, done: Callable[[], bool]) -> None:
    """Wait until the link's status is as wanted; every change of it is published."""
    async with asyncio.timeout(10), memory.bus.subscribe() as events:
        while not done():
            await anext(events)
