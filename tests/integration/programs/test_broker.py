from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL, SIGTERM

import psutil
import pytest

from gateway.programs.client import BrokerPrograms
from gateway.programs.output import printed
from gateway.programs.processes import wait
from gateway.programs.running import UNKNOWN
from gateway.programs.types import Program
from gateway.programs.wire import LENGTH, encode
from protocol.problems import Problem, ProblemCode
from tests.integration.programs.conftest import Street
from tests.integration.separation.accounts import ROOT, environment, python

PATH = {"PATH": os.defpath}
# Says when it is ready, and takes no notice of being asked to end; so does its child.
STUBBORN = "trap '' TERM HUP; (trap '' TERM; echo child $(exec sh -c 'echo $PPID'); while :; do sleep 1; done) & wait"


async def started(programs: BrokerPrograms, *command: str, stdout: int = subprocess.DEVNULL) -> Program:
    return await programs.start(
        command,
        folder=Path("/"),
        environment=PATH,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    )


async def line_of(programs: BrokerPrograms, *command: str) -> tuple[Program, str]:
    """A program, and the first line it prints."""
    read_end, write_end = os.pipe()
    program = await started(programs, *command, stdout=write_end)
    os.close(write_end)
    with os.fdopen(read_end) as output:
        return program, await asyncio.to_thread(output.readline)


async def test_a_program_gets_its_folder_its_environment_and_its_account(
    programs: BrokerPrograms, street: Street
) -> None:
    words = ["/bin/sh", "-c", 'echo "$WORD $PWD ${HOME-none} $(id -u)"; echo wrong >&2; cat; exit 3']
    done = await printed(programs, words, folder=street.folder, environment={**PATH, "WORD": "given"}, seconds=20)
    assert done.out.decode() == f"given {street.folder} none {street.user.uid}\n"
    assert (done.code, done.errors) == (3, b"wrong\n")


async def test_no_secret_stands_in_the_arguments_of_any_process(programs: BrokerPrograms, street: Street) -> None:
    program = await programs.start(
        ["sleep", "60"], folder=Path("/"), environment={**PATH, "SECRET": "not-in-ps"},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for pid in (program.pid, street.pid):
        assert "not-in-ps" not in " ".join(await asyncio.to_thread(psutil.Process(pid).cmdline))
    program.signal_group(SIGKILL)
    await program.wait()


async def test_a_signal_reaches_the_whole_group_also_after_its_leader(programs: BrokerPrograms) -> None:
    program, line = await line_of(programs, "/bin/sh", "-c", f"{STUBBORN[: STUBBORN.rindex('wait')]}exit 4")
    child = int(line.split()[1])
    assert await program.wait() == 4
    program.signal_group(SIGKILL)
    assert await asyncio.to_thread(wait, [child], 20)


async def test_ids_are_signalled_and_missing_ones_left_out(programs: BrokerPrograms) -> None:
    program = await started(programs, "sleep", "60")
    await programs.signal([program.pid], SIGTERM)
    assert await program.wait() == -SIGTERM
    await programs.signal([program.pid, 2**30], SIGKILL)


async def test_what_is_not_there_or_not_allowed_is_told(programs: BrokerPrograms) -> None:
    with pytest.raises(FileNotFoundError):
        await started(programs, "/nowhere/program")
    with pytest.raises(PermissionError):
        await started(programs, "/etc/passwd")
    with pytest.raises(FileNotFoundError):
        await printed(programs, ["true"], folder=Path("/gone"), environment=PATH, seconds=5)
    with pytest.raises(Problem) as long:
        await printed(programs, ["true"], environment={"LONG": "x" * 2**20}, seconds=5)
    assert long.value.code is ProblemCode.TOO_LARGE
    assert await (await started(programs, "true")).wait() == 0


async def test_nothing_piles_up(programs: BrokerPrograms, street: Street) -> None:
    def open_files() -> int:
        return len(list(Path(f"/proc/{street.pid}/fd").iterdir()))

    await printed(programs, ["true"], environment=PATH, seconds=20)
    await asyncio.to_thread(programs.chores.unread, "/dev/pts/0")
    before, ours = await asyncio.to_thread(open_files), len(psutil.Process().open_files())
    for _ in range(30):
        await printed(programs, ["true"], environment=PATH, seconds=20)
        descriptor = await asyncio.to_thread(programs.chores.create, street.folder / "made", 0o600)
        os.close(descriptor)
        await asyncio.to_thread(programs.chores.remove, street.folder / "made")
    assert await asyncio.to_thread(open_files) == before
    assert len(psutil.Process().open_files()) == ours


async def test_programs_outlive_the_broker_and_are_handed_to_the_next(programs: BrokerPrograms, street: Street) -> None:
    one, two = await started(programs, "sleep", "60"), await started(programs, "sleep", "60")
    await asyncio.to_thread(street.kill)
    # Nobody but the kernel can tell its end now.
    await asyncio.to_thread(subprocess.run, [*street.before, "kill", str(one.pid)])
    assert await one.wait() == UNKNOWN
    assert two.returncode is None
    await asyncio.to_thread(street.start)
    await programs.connect(20)
    two.signal_group(SIGTERM)
    assert await two.wait() == UNKNOWN
    assert await (await started(programs, "true")).wait() == 0


async def test_what_a_gone_daemon_started_ends_and_what_made_itself_a_daemon_lives(
    programs: BrokerPrograms, street: Street
) -> None:
    _, line = await line_of(programs, "/bin/sh", "-c", STUBBORN)
    stubborn = int(line.split()[1])
    code = "import os,time; os.fork() and os._exit(0); os.setsid(); print(os.getpid(), flush=True); time.sleep(60)"
    _, line = await line_of(programs, str(python() or sys.executable), "-c", code)
    own_master = int(line)
    adopted = await started(programs, "sleep", "60")
    await asyncio.to_thread(street.kill)
    await asyncio.to_thread(street.start)
    await programs.connect(20)
    await started(programs, "true")
    await programs.close()
    assert await asyncio.to_thread(wait, [stubborn, adopted.pid], 20)
    assert psutil.pid_exists(own_master)
    again = street.programs()
    await again.signal([own_master], SIGKILL)
    assert await asyncio.to_thread(wait, [own_master], 20)
    await again.close()


async def test_without_a_broker_people_are_told(street: Street) -> None:
    programs = street.programs()
    with pytest.raises(Problem) as away:
        await started(programs, "true")
    assert away.value.code is ProblemCode.UNAVAILABLE
    assert "hutch-agents" in away.value.message
    with pytest.raises(Problem) as refused:
        await asyncio.to_thread(programs.chores.unread, "/dev/pts/0")
    assert refused.value.code is ProblemCode.UNAVAILABLE
    await programs.close()


async def test_a_start_that_is_given_up_leaves_nothing(programs: BrokerPrograms, street: Street) -> None:
    await programs.connect(20)
    starting = asyncio.create_task(started(programs, "sleep", "61"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    # Answers come in order, so the one to this start has come after the other's.
    await (await started(programs, "true")).wait()
    left = [one.pid for one in psutil.Process(street.pid).children() if one.cmdline() == ["sleep", "61"]]
    assert await asyncio.to_thread(wait, left, 20)


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff" * 100,
        LENGTH.pack(2) + b"[]",
        encode({"do": "nothing", "id": 1}),
        encode({"do": "work"}),
        encode({"do": "start", "id": 1}, 3),
    ],
)
async def test_nonsense_ends_only_its_own_connection(programs: BrokerPrograms, street: Street, sent: bytes) -> None:
    program = await started(programs, "sleep", "60")

    def talk() -> bytes:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(street.socket))
            link.settimeout(20)
            socket.send_fds(link, [sent], [0])
            heard = b""
            while data := link.recv(1024):
                heard += data
            return heard

    assert b'"pid"' not in await asyncio.to_thread(talk)
    assert program.returncode is None
    program.signal_group(SIGTERM)
    assert await program.wait() == -SIGTERM


REFUSED = (
    {"do": "start", "id": 1, "command": [], "folder": "/", "environment": {}, "streams": [None] * 3},
    {"do": "start", "id": 1, "command": ["a\0b"], "folder": "/", "environment": {}, "streams": [None] * 3},
    {"do": "start", "id": 1, "command": ["true"], "folder": 1, "environment": {}, "streams": [None] * 3},
    {"do": "start", "id": 1, "command": ["true"], "folder": "/", "environment": {"A": 1}, "streams": [None] * 3},
    {"do": "start", "id": 1, "command": ["true"], "folder": "/", "environment": {}, "streams": [0, None, None]},
    {"do": "start", "id": 1, "command": ["true"], "folder": "/", "environment": {}, "streams": [None, -1, 7]},
    {"do": "work", "id": 1, "name": "system", "arguments": []},
    {"do": "work", "id": 1, "name": "files.remove", "arguments": [1]},
    {"do": "work", "id": 1, "name": "files.remove", "arguments": ["a\0b"]},
    {"do": "work", "id": 1, "name": "files.set_mode", "arguments": [0]},
    {"do": "work", "id": 1, "name": "processes.send_to_ids", "arguments": [[-1], 9]},
    {"do": "work", "id": 1, "name": "processes.send", "arguments": [[[1, "x"]], 9]},
)


@pytest.mark.parametrize("request_", REFUSED)
async def test_wrong_requests_are_refused_and_the_next_is_heard(
    programs: BrokerPrograms, street: Street, request_: dict[str, object]
) -> None:
    def talk() -> bytes:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(street.socket))
            link.settimeout(20)
            next_one = {"do": "work", "id": 2, "name": "terminals.unread", "arguments": ["/etc/passwd"]}
            link.sendall(encode(request_) + encode(next_one))
            heard = b""
            while b'"id":2' not in heard:
                heard += link.recv(1024)
            return heard

    heard = await asyncio.to_thread(talk)
    assert b'"refused"' in heard
    assert b'"answer":0' in heard


def answering(path: Path, *answers: bytes) -> threading.Thread:
    """Somebody of our own account who plays a broker once."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def play() -> None:
        with listener, listener.accept()[0] as link:
            for answer in answers:
                link.sendall(answer)
                link.recv(4096)

    thread = threading.Thread(target=play)
    thread.start()
    return thread


HELLO = encode({"hello": 1})


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff" * 10,
        encode({"id": 0, "answer": "many"}),
        encode({"id": 0, "answer": None}),
        encode({"id": 0, "answer": True}),
        encode({"id": 0, "refused": "no"}),
    ],
)
async def test_a_broker_that_talks_nonsense_is_not_believed(street: Street, answer: bytes) -> None:
    thread = await asyncio.to_thread(answering, street.socket, HELLO, answer)
    programs = street.programs()
    with pytest.raises(Problem) as refused:
        await asyncio.to_thread(programs.chores.unread, "/dev/pts/0")
    assert refused.value.code is ProblemCode.UNAVAILABLE
    await programs.close()
    await asyncio.to_thread(thread.join)


async def test_a_start_that_is_answered_with_nonsense_is_refused(street: Street) -> None:
    nonsense: Callable[[object], bytes] = lambda pid: encode({"id": 1, "pid": pid})  # noqa: E731
    thread = await asyncio.to_thread(answering, street.socket, HELLO, nonsense(-1))
    programs = street.programs()
    with pytest.raises(Problem):
        await started(programs, "true")
    await programs.close()
    await asyncio.to_thread(thread.join)


def test_it_loads_little_and_stays_small(street: Street) -> None:
    street.start()
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(street.socket))
        assert b"hello" in link.recv(100)
        process = psutil.Process(street.pid)
        loaded = " ".join(part.path for part in process.memory_maps())
        assert not [name for name in ("pydantic", "aiohttp", "sqlalchemy") if name in loaded]
        assert process.memory_info().rss < 15 * 1024**2


def test_a_socket_that_systemd_hands_over_is_served(street: Street) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(street.socket))
        street.socket.chmod(0o666)
        listener.listen()
        code = (
            "import os, sys; os.dup2(int(sys.argv[1]), 3); "
            "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1'); "
            "os.execv(sys.executable, [sys.executable, '-m', 'gateway.programs.broker', *sys.argv[2:]])"
        )
        words = [str(python() or sys.executable), "-c", code, str(listener.fileno())]
        words += ["--socket", "/nowhere", "--daemon", str(os.getuid())]
        passed = [listener.fileno()]
        street.running.append(
            subprocess.Popen([*street.before, *words], env=environment(street.folder), cwd=ROOT, pass_fds=passed)
        )
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(20)
            link.connect(str(street.socket))
            assert b"hello" in link.recv(100)
