"""What an agent that was turned tries from its session, with the standard library only. Runs as a script.

Arguments: the data folder, the shared folder, the daemon's process id, the file for the result. The result is a JSON
object: for each try the words "refused", and why, or what was got.
"""

# The system calls themselves.
# ruff: noqa: PTH208, PTH115, PTH116
from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_DETACH = 16, 0x4206, 17
LIBC = ctypes.CDLL(None, use_errno=True)
PIDFD_GETFD, PROCESS_VM_READV = 438, 310 if os.uname().machine == "x86_64" else 270


def main(data: Path, shared: Path, daemon: int, result: Path) -> None:
    """Try everything and write down how it went."""
    tries = [*files(data), *sockets(data, shared), *proc(daemon), *process(daemon), *namespaces(data, daemon)]
    told = {name: outcome(attempt) for name, attempt in tries}
    told["descriptors"] = inherited(data)
    told["environment"] = leaked()
    fresh = result.with_suffix(".new")
    fresh.write_text(json.dumps(told))
    fresh.rename(result)


Try = tuple[str, Callable[[], object]]


def outcome(attempt: Callable[[], object]) -> str:
    """``refused`` with the reason, or what came of it."""
    try:
        got = attempt()
    except OSError as error:
        return f"refused: {error.strerror or error}"
    return f"GOT {got!r}"[:200]


def files(data: Path) -> Iterator[Try]:
    """The daemon's files, by every name they have, and ways to make others look at them."""
    names = ("device-key.json", "hutch.db", "hutch.db-wal", "secrets.key", "hub.json", "hub-memory.json", "setup-code")
    for name in (*names, "lock", "console.sock", "hub.sock", "sessions", "sessions/x.env.json", "updates/state.json"):
        yield f"read {name}", (data / name).read_bytes
        yield f"look at {name}", (data / name).stat
        yield f"write {name}", partial(os.open, data / name, os.O_WRONLY | os.O_CREAT)
        yield f"give {name} another name", partial(os.link, data / name, "taken")
        yield f"remove {name}", (data / name).unlink
    yield "list the data folder", lambda: os.listdir(data)
    yield "open the data folder", lambda: os.open(data, os.O_PATH | os.O_DIRECTORY) and os.open(data, os.O_RDONLY)
    yield "rename the data folder", lambda: data.rename(data.with_name("moved"))
    yield "change the data folder's mode", lambda: data.chmod(0o777)


def sockets(data: Path, shared: Path) -> Iterator[Try]:
    """Sockets on which others are trusted."""
    for name in ("console.sock", "hub.sock"):
        yield f"connect to {name}", partial(spoken, data / name, b"GET /api/device HTTP/1.1\r\nHost: x\r\n\r\n")
    arguments = [str(shared / "by-agent"), "x"]
    frame = json.dumps({"do": "work", "id": 1, "name": "files.write", "arguments": arguments}).encode()
    yield "have the broker work", lambda: spoken(shared / "broker.sock", len(frame).to_bytes(4, "big") + frame)


def spoken(path: Path, request: bytes) -> bytes:
    """What a socket answers; an end without a word is a refusal."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(path))
        link.sendall(request)
        answer = link.recv(100)
    if not answer:
        raise ConnectionRefusedError("hung up")
    return answer


def proc(daemon: int) -> Iterator[Try]:
    """The daemon in /proc."""
    folder = Path(f"/proc/{daemon}")
    for name in ("environ", "mem", "maps", "stack", "auxv", "io", "pagemap", "personality", "syscall"):
        yield f"read /proc/DAEMON/{name}", partial(first_bytes, folder / name)
    for name in ("fd", "task", "map_files", "fdinfo"):
        yield f"list /proc/DAEMON/{name}", partial(list_strictly, folder / name)
    for name in ("cwd", "root", "exe", "ns/mnt"):
        yield f"follow /proc/DAEMON/{name}", partial(os.stat, folder / name)
    yield "write /proc/DAEMON/mem", lambda: os.open(folder / "mem", os.O_RDWR)
    yield "write /proc/DAEMON/oom_score_adj", lambda: (folder / "oom_score_adj").write_text("1000")


def first_bytes(path: Path) -> bytes:
    """The beginning of a file."""
    with path.open("rb") as file:
        return file.read(10)


def list_strictly(path: Path) -> list[str]:
    """The names in a folder; the threads of a process may be counted by all, their descriptors by nobody."""
    if path.name != "task":
        return os.listdir(path)
    return [os.readlink(f"{path}/{thread}/fd/0") for thread in os.listdir(path)]


def process(daemon: int) -> Iterator[Try]:
    """The daemon as a process."""
    for number in (0, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        yield f"signal {number}", partial(os.kill, daemon, number)
    yield "signal its group", lambda: os.killpg(os.getpgid(daemon), signal.SIGTERM)
    yield "signal by descriptor", lambda: signal.pidfd_send_signal(os.pidfd_open(daemon), signal.SIGTERM)
    for request in (PTRACE_ATTACH, PTRACE_SEIZE):
        yield f"ptrace {request:#x}", partial(called, LIBC.ptrace, request, daemon, 0, 0)
    yield "pidfd_getfd", lambda: called(LIBC.syscall, PIDFD_GETFD, os.pidfd_open(daemon), 3, 0)
    yield "process_vm_readv", lambda: read_memory(daemon)
    yield "limit it", lambda: resource.prlimit(daemon, resource.RLIMIT_NOFILE, (4, 4))
    yield "slow it", lambda: os.setpriority(os.PRIO_PROCESS, daemon, 19)
    yield "pin it", lambda: os.sched_setaffinity(daemon, {0})
    yield "become it", lambda: os.setuid(os.stat(f"/proc/{daemon}").st_uid)
    yield "become root", lambda: os.setuid(0)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def read_memory(daemon: int) -> int:
    """process_vm_readv(2) from where nothing lies: what matters is whether it is allowed at all."""
    place = ctypes.create_string_buffer(8)
    ours = _Vector(ctypes.cast(place, ctypes.c_void_p), 8)
    theirs = _Vector(ctypes.c_void_p(0x10000), 8)
    one = ctypes.c_ulong(1)
    call = ctypes.c_long(PROCESS_VM_READV)
    return called(LIBC.syscall, call, daemon, ctypes.byref(ours), one, ctypes.byref(theirs), one, ctypes.c_ulong(0))


def called(function: Callable[..., int], *arguments: object) -> int:
    """A call of the C library, whose failure is raised."""
    answer = function(*arguments)
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def namespaces(data: Path, daemon: int) -> Iterator[Try]:
    """As root of a namespace of our own, which must not be root of anything else."""
    yield "read as another namespace's root", lambda: within("cat", str(data / "device-key.json"))
    yield "change the owner there", lambda: within("chown", "0", str(data))
    yield "join the daemon's mounts", lambda: within("nsenter", "-m", "-t", str(daemon), "true")


def within(*command: str) -> bytes:
    """Run a command as root of a user namespace. Raises OSError where that, or the command, is refused."""
    done = subprocess.run(["unshare", "-Urm", *command], capture_output=True, timeout=10, check=False)
    if done.returncode != 0:
        raise PermissionError(1, done.stderr.decode(errors="replace").strip())
    return done.stdout


def inherited(data: Path) -> str:
    """Whether any process of this account has a descriptor of the daemon's."""
    for process_folder in Path("/proc").glob("[0-9]*"):
        try:
            links = [os.readlink(entry) for entry in (process_folder / "fd").iterdir()]
        except OSError:
            continue
        for link in links:
            if link.startswith(str(data)):
                return f"GOT {process_folder.name} has {link}"
    return "refused: none"


def leaked() -> str:
    """Whether the daemon's settings, which may hold secrets, came along."""
    ours = {"HUTCH_SESSION_ID", "HUTCH_SESSION_SOCKET", "HUTCH_HOOK"}
    found = [name for name in os.environ if name.startswith(("HUTCH_", "DATABASE_")) and name not in ours]
    return f"GOT {found}" if found else "refused: none"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
