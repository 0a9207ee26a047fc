from __future__ import annotations

import asyncio
import fcntl
import os
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.events.types import SshKeysChanged
from gateway.host import key_file
from gateway.host.key_file import MAX_FILE
from gateway.host.ssh_keys import MAX_KEYS, SshKeys
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.host.keys import ed25519
from tests.unit.gateway.recorder import Recorder

FOREIGN = b'# my keys\r\n\nfrom="10.0.0.1" ' + ed25519(b"foreign").encode() + b" me@home\nnonsense\xff\xfe\n"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".ssh" / "authorized_keys"


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(path: Path, recorder: Recorder, clock: Clock) -> SshKeys:
    return SshKeys(path, recorder, now=clock)


def existing(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    path.write_bytes(data)
    path.chmod(0o644)


async def refusal(work: object) -> Problem:
    assert asyncio.iscoroutine(work)
    with pytest.raises(Problem) as refused:
        await work
    return refused.value


async def test_no_file_is_no_key_and_nothing_is_made(keys: SshKeys, path: Path) -> None:
    assert await keys.list() == []
    await keys.sweep()
    assert (await refusal(keys.revoke("SHA256:x"))).code is ProblemCode.NOT_FOUND
    assert not path.parent.exists()


async def test_a_key_is_let_in_listed_and_revoked(keys: SshKeys, path: Path, recorder: Recorder, clock: Clock) -> None:
    added = await keys.authorize(ed25519(b"a"), "My laptop", clock.now + timedelta(days=1))
    assert await keys.list() == [added]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await keys.revoke(added.fingerprint)
    assert await keys.list() == []
    assert recorder.types() == ["ssh.changed", "ssh.changed"]
    changes = [event.action for event in recorder.events if isinstance(event, SshKeysChanged)]
    assert changes == ["authorized", "revoked"]


async def test_lines_of_others_stay_byte_for_byte_in_their_order(keys: SshKeys, path: Path) -> None:
    existing(path, FOREIGN + b"no line feed")
    first = await keys.authorize(ed25519(b"a"), "a")
    second = await keys.authorize(ed25519(b"b"), "b")
    await keys.revoke(first.fingerprint)
    await keys.authorize(ed25519(b"b"), "new label")
    data = path.read_bytes()
    assert data.startswith(FOREIGN + b"no line feed\nssh-ed25519 ")
    assert data.endswith(b"new label\n")
    assert data.count(b"\n") == FOREIGN.count(b"\n") + 2
    listed = await keys.list()
    assert [(key.managed, key.label) for key in listed] == [(False, "me@home"), (True, "new label")]
    assert listed[1].added_at == second.added_at


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=8).map(b"\n".join))
async def test_whatever_others_wrote_is_there_afterwards(foreign: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "authorized_keys"
        path.write_bytes(foreign)
        keys = SshKeys(path, Recorder())
        first = await keys.authorize(ed25519(b"a"), "a")
        second = await keys.authorize(ed25519(b"b"), "b")
        await keys.revoke(first.fingerprint)
        await keys.revoke(second.fingerprint)
        ended = foreign if not foreign or foreign.endswith(b"\n") else foreign + b"\n"
        assert path.read_bytes() == ended


async def test_keys_of_others_can_be_neither_revoked_nor_taken_over(keys: SshKeys, path: Path) -> None:
    existing(path, FOREIGN)
    (foreign,) = await keys.list()
    assert (await refusal(keys.revoke(foreign.fingerprint))).code is ProblemCode.FORBIDDEN
    assert (await refusal(keys.authorize(ed25519(b"foreign"), "mine"))).code is ProblemCode.CONFLICT
    assert path.read_bytes() == FOREIGN


async def test_revoking_says_when_somebody_else_lets_the_same_key_in(
    keys: SshKeys, path: Path, recorder: Recorder
) -> None:
    added = await keys.authorize(ed25519(b"a"), "a")
    path.write_bytes(path.read_bytes() + ed25519(b"a").encode() + b" theirs\n")
    assert (await refusal(keys.revoke(added.fingerprint))).code is ProblemCode.FORBIDDEN
    assert [key.label for key in await keys.list()] == ["theirs"]
    assert len(recorder.events) == 2


async def test_expired_keys_go_and_nothing_else(keys: SshKeys, path: Path, recorder: Recorder, clock: Clock) -> None:
    existing(path, FOREIGN)
    await keys.authorize(ed25519(b"short"), "short", clock.now + timedelta(seconds=10))
    long = await keys.authorize(ed25519(b"long"), "long", clock.now + timedelta(days=10))
    forever = await keys.authorize(ed25519(b"forever"), "forever")
    clock.now += timedelta(seconds=10)
    restarted = SshKeys(path, recorder, now=clock)
    await restarted.sweep()
    assert [key for key in await restarted.list() if key.managed] == [long, forever]
    assert path.read_bytes().startswith(FOREIGN)
    last = recorder.events[-1]
    assert isinstance(last, SshKeysChanged)
    assert last.action == "expired"


async def test_the_sweep_runs_at_the_next_expiry(path: Path) -> None:
    expired = asyncio.Event()

    class Waiting(Recorder):
        def publish(self, event: object) -> None:
            if isinstance(event, SshKeysChanged) and event.action == "expired":
                expired.set()

    keys = SshKeys(path, Waiting())
    running = asyncio.create_task(keys.run())
    try:
        await keys.authorize(ed25519(b"soon"), "soon", datetime.now(UTC) + timedelta(seconds=2))
        await asyncio.wait_for(expired.wait(), 20)
        assert await keys.list() == []
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    "expires",
    [datetime(2026, 11, 21, 12, 0, 0, 900_000, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1)],
    ids=["this second", "long ago", "without a zone"],
)
async def test_impossible_times_are_refused(keys: SshKeys, path: Path, expires: datetime) -> None:
    assert (await refusal(keys.authorize(ed25519(), "x", expires))).code is ProblemCode.INVALID_REQUEST
    assert not path.exists()


async def test_links_are_not_written_through(keys: SshKeys, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"secret\n")
    path.parent.mkdir()
    path.symlink_to(target)
    assert (await refusal(keys.authorize(ed25519(), "x"))).code is ProblemCode.CONFLICT
    assert (await refusal(keys.list())).code is ProblemCode.CONFLICT
    assert target.read_bytes() == b"secret\n"


async def test_a_linked_folder_is_not_written_through(keys: SshKeys, path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    path.parent.symlink_to(tmp_path / "elsewhere")
    assert (await refusal(keys.authorize(ed25519(), "x"))).code is ProblemCode.CONFLICT
    assert list((tmp_path / "elsewhere").iterdir()) == []


async def test_files_out_of_bounds_are_refused_and_kept(keys: SshKeys, path: Path) -> None:
    existing(path, b"#" * (MAX_FILE + 1))
    assert (await refusal(keys.list())).code is ProblemCode.TOO_LARGE
    assert (await refusal(keys.authorize(ed25519(), "x"))).code is ProblemCode.TOO_LARGE
    assert path.stat().st_size == MAX_FILE + 1


async def test_there_is_room_for_a_bounded_number_of_keys(keys: SshKeys, path: Path) -> None:
    one = await keys.authorize(ed25519(b"0"), "x")
    path.write_bytes(
        b"".join(
            path.read_bytes().replace(ed25519(b"0").encode(), ed25519(b"%d" % i).encode()) for i in range(MAX_KEYS)
        )
    )
    assert (await refusal(keys.authorize(ed25519(b"more"), "x"))).code is ProblemCode.TOO_MANY
    assert (await keys.authorize(ed25519(b"0"), "renamed")).fingerprint == one.fingerprint


async def test_many_at_once_lose_no_key(keys: SshKeys, path: Path, recorder: Recorder, clock: Clock) -> None:
    other = SshKeys(path, recorder, now=clock)
    await asyncio.gather(*((keys, other)[i % 2].authorize(ed25519(b"%d" % i), str(i)) for i in range(20)))
    assert {key.label for key in await keys.list()} == {str(i) for i in range(20)}


async def test_a_folder_held_by_another_program_is_given_up(
    keys: SshKeys, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_file, "LOCK_SECONDS", 0.1)
    existing(path, FOREIGN)
    held = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert (await refusal(keys.authorize(ed25519(), "x"))).code is ProblemCode.UNAVAILABLE
    finally:
        os.close(held)
    assert path.read_bytes() == FOREIGN


async def test_leftovers_of_a_crash_go_and_others_may_not_write(keys: SshKeys, path: Path) -> None:
    existing(path, FOREIGN)
    path.parent.chmod(0o777)
    (path.parent / ".authorized_keys.hutch-0123").write_bytes(b"half")
    await keys.authorize(ed25519(), "x")
    assert [entry.name for entry in path.parent.iterdir()] == ["authorized_keys"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755
