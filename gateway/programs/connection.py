"""One connection of the daemon to the broker: programs that it starts, and works that it asks for.

What a connection has started ends with it, so that nothing runs on for a daemon that is gone; a program that made
itself a daemon, as a tmux server does, is nobody's child any more and lives on. Nothing but the standard library.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress

from gateway.programs.wire import MAX_DESCRIPTORS, Decoder, Malformed, Message, Received, encode
from gateway.programs.work import Refused, do

GRACE = 2.0
"""Seconds between asking what a connection leaves behind to end, and ending it."""
MAX_PROGRAMS = 500
_READ = 64 * 1024


class _Child:
    """A program of this connection; without ``popen`` it was started by a broker before this one."""

    __slots__ = ("number", "pid", "popen", "watch")

    def __init__(self, number: int, pid: int, popen: subprocess.Popen[bytes] | None) -> None:
        self.number = number
        self.pid = pid
        self.popen = popen
        self.watch = os.pidfd_open(pid)


class Connection:
    """Serves one connection, in a thread of its own, until the other side goes away."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._decoder = Decoder()
        self._poll = select.poll()
        self._children: dict[int, _Child] = {}
        """By the descriptor that tells their end."""
        self._groups: dict[int, int] = {}
        """The group of each program by its number; it may outlive its leader."""
        self._doing = {"start": self._start, "signal": self._signal, "adopt": self._adopt, "work": self._work}

    def serve(self) -> None:
        """Answer until the daemon hangs up or talks nonsense; then end what it started here."""
        self._poll.register(self._link, select.POLLIN)
        try:
            self._send({"hello": 1, "uid": os.getuid()})
            while self._turn():
                pass
        except (OSError, Malformed):
            pass  # the daemon is gone, or is none
        finally:
            _close(self._decoder.abandon())
            self._link.close()
            self._end_all()

    def _turn(self) -> bool:
        ready = [descriptor for descriptor, _ in self._poll.poll()]
        for descriptor in ready:
            if descriptor in self._children:
                self._ended(descriptor)
        return self._link.fileno() not in ready or self._listen()

    def _listen(self) -> bool:
        data, descriptors, flags, _ = socket.recv_fds(self._link, _READ, MAX_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
        if flags & socket.MSG_CTRUNC:
            _close(descriptors)
            raise Malformed("descriptors were lost")
        messages = self._decoder.feed(data, descriptors)
        while messages:
            self._take(messages.pop(0), messages)
        return bool(data)

    def _take(self, received: Received, following: Sequence[Received]) -> None:
        message, descriptors = received
        number = message.get("id")
        doing = self._doing.get(str(message.get("do")))
        try:
            if doing is None or type(number) is not int:
                raise Malformed("an unknown request")
            doing(number, message, descriptors)
        except (OSError, Malformed):
            # The connection is over, and nobody will take what came with it.
            for _, left in following:
                _close(left)
            raise
        finally:
            _close(descriptors)

    def _start(self, number: int, message: Message, descriptors: list[int]) -> None:
        try:
            command, folder, environment = _checked(message)
            streams = [subprocess.DEVNULL if place is None else descriptors[place] for place in _streams(message)]
            if len(self._children) >= MAX_PROGRAMS:
                raise Refused(f"{MAX_PROGRAMS} programs run already")
            popen = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=streams[0],
                stdout=streams[1],
                stderr=streams[2],
                start_new_session=True,
            )
            self._watch(_child(number, popen))
        except OSError as error:
            self._send({"id": number, "errno": error.errno or 0, "text": str(error.strerror), "name": _name(error)})
        except (Refused, ValueError, IndexError) as error:
            self._send({"id": number, "refused": str(error)})
        else:
            self._send({"id": number, "pid": popen.pid})

    def _signal(self, number: int, message: Message, _descriptors: list[int]) -> None:
        """To the group of a program that was started or adopted here."""
        sent, group = message.get("signal"), self._groups.get(number)
        if group is not None and type(sent) is int and 0 < sent < signal.NSIG:
            _kill_group(group, sent)

    def _adopt(self, number: int, message: Message, _descriptors: list[int]) -> None:
        """Look after a program that a broker before this one started for the daemon."""
        pid = message.get("pid")
        with suppress(OSError):
            if type(pid) is int and pid > 1 and os.stat(f"/proc/{pid}").st_uid == os.getuid() == _group_owner(pid):
                self._watch(_Child(number, pid, None))

    def _work(self, number: int, message: Message, descriptors: list[int]) -> None:
        arguments = message.get("arguments")
        try:
            answer, opened = do(str(message.get("name")), arguments if isinstance(arguments, list) else [], descriptors)
        except OSError as error:
            self._send({"id": number, "errno": error.errno or 0, "text": str(error.strerror), "name": _name(error)})
        except (Refused, ValueError, OverflowError) as error:
            self._send({"id": number, "refused": str(error)})
        else:
            try:
                self._send({"id": number, "answer": answer}, opened)
            finally:
                _close(opened)

    def _watch(self, child: _Child) -> None:
        self._children[child.watch] = child
        self._groups[child.number] = child.pid
        if len(self._groups) > 2 * MAX_PROGRAMS:
            del self._groups[next(iter(self._groups))]
        self._poll.register(child.watch, select.POLLIN)

    def _ended(self, watch: int) -> None:
        child = self._children.pop(watch)
        self._poll.unregister(watch)
        os.close(watch)
        self._send({"id": child.number, "code": child.popen.wait() if child.popen else None})

    def _send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        frame = encode(message, len(descriptors))
        sent = socket.send_fds(self._link, [frame], list(descriptors)) if descriptors else 0
        self._link.sendall(frame[sent:])

    def _end_all(self) -> None:
        """Let every program end with its input, ask its group to, make it.

        A leader that is not waited for keeps its group's number.
        """
        children = list(self._children.values())
        left = _still_there(children, INPUT_GRACE)
        for child in left:
            _kill_group(child.pid, signal.SIGTERM)
        _still_there(left, GRACE)
        for child in children:
            _kill_group(child.pid, signal.SIGKILL)
            if child.popen is not None:
                child.popen.wait()
            os.close(child.watch)


def _still_there(children: Sequence[_Child], seconds: float) -> list[_Child]:
    """Wait for their leaders; those that have not ended by then."""
    waiting, left = select.poll(), {child.watch: child for child in children}
    for watch in left:
        waiting.register(watch, select.POLLIN)
    deadline = time.monotonic() + seconds
    while left and (rest := deadline - time.monotonic()) > 0:
        for watch, _ in waiting.poll(rest * 1000):
            waiting.unregister(watch)
            del left[watch]
    return list(left.values())


def _child(number: int, popen: subprocess.Popen[bytes]) -> _Child:
    try:
        return _Child(number, popen.pid, popen)
    except OSError:
        popen.kill()
        popen.wait()
        raise


def _checked(message: Message) -> tuple[list[str], str, dict[str, str]]:
    command, folder, environment = message.get("command"), message.get("folder"), message.get("environment")
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        raise Refused("a command is a list of words")
    if not isinstance(folder, str) or not isinstance(environment, dict):
        raise Refused("a program needs a folder and an environment")
    if not all(isinstance(value, str) for value in environment.values()):
        raise Refused("a variable's value is text")
    return command, folder, environment


def _streams(message: Message) -> list[int | None]:
    """For standard input, output and error the place of its descriptor, or None for /dev/null."""
    streams = message.get("streams")
    if not isinstance(streams, list) or len(streams) != 3:
        raise Refused("a program has three streams")
    if not all(place is None or (type(place) is int and 0 <= place < 3) for place in streams):
        raise Refused("a stream is the place of a descriptor")
    return streams


def _name(error: OSError) -> str:
    return error.filename if isinstance(error.filename, str) else ""


def _group_owner(pid: int) -> int | None:
    """This account, where the process leads its group; a group of others is nothing to adopt."""
    return os.getuid() if os.getpgid(pid) == pid else None


def _kill_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)


INPUT_GRACE = 0.5
"""Seconds for a program to end by itself because its input has: one with work in its pipes does that first, as a tmux
client does with what a daemon told it in its last moment."""
