"""Asking the broker for a work and waiting for the answer, from any thread."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gateway.programs.credentials import peer
from gateway.programs.wire import MAX_DESCRIPTORS, Decoder, Malformed, Message, Received, encode
from protocol.problems import Problem, ProblemCode

ANSWER_SECONDS = 15.0
"""How long a work may take; the longest of them waits two seconds."""
CONNECT_SECONDS = 2.0
PATIENCE = 3.0
"""Seconds that a broker which is away gets to come back before anybody is told."""
LOOK = 0.1
MAX_IDLE = 4
_READ = 64 * 1024


class Call:
    """A connection to the broker that carries one work after the other."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._decoder = Decoder()

    def ask(self, message: Message, descriptors: Sequence[int]) -> Received:
        """Send a request and wait for what is not the greeting. Raises OSError and Malformed."""
        frame = encode(message, len(descriptors))
        sent = socket.send_fds(self._link, [frame], list(descriptors)) if descriptors else 0
        self._link.sendall(frame[sent:])
        while True:
            for answer, opened in receive(self._link, self._decoder):
                if "hello" not in answer:
                    return answer, opened

    def fresh(self) -> bool:
        """Whether the broker is still there, as far as the kernel knows; the greeting may wait to be read."""
        poll = select.poll()
        poll.register(self._link, select.POLLIN | select.POLLRDHUP)
        return not any(event & (select.POLLRDHUP | select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))

    def close(self) -> None:
        """Hang up."""
        for descriptor in self._decoder.abandon():
            os.close(descriptor)
        self._link.close()


class BrokerCalls:
    """Implements :class:`gateway.programs.chores.Doer` for another account. Any thread may call it."""

    def __init__(self, path: Path, uid: int) -> None:
        self._path = path
        self._uid = uid
        self._idle: list[Call] = []
        self._lock = threading.Lock()
        self._open = True

    def __call__(self, name: str, arguments: Sequence[object], descriptors: Sequence[int]) -> tuple[object, list[int]]:
        """As in the protocol."""
        message: Message = {"do": "work", "id": 0, "name": name, "arguments": list(arguments)}
        try:
            call = self._take() or Call(self._dial())
            try:
                answer, opened = call.ask(message, descriptors)
            except BaseException:
                call.close()
                raise
        except (Malformed, ConnectionError, TimeoutError, FileNotFoundError, PermissionError) as error:
            raise away(self._path) from error
        self._give_back(call)
        return result(answer, opened), opened

    def close(self) -> None:
        """Hang up; calls under way still come to their end."""
        with self._lock:
            self._open = False
            idle, self._idle = self._idle, []
        for call in idle:
            call.close()

    def _dial(self) -> socket.socket:
        """A new connection; a broker that is being started anew gets a moment."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return connect(self._path, self._uid)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK)

    def _take(self) -> Call | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                call = self._idle.pop()
            if call.fresh():
                return call
            call.close()

    def _give_back(self, call: Call) -> None:
        with self._lock:
            if self._open and len(self._idle) < MAX_IDLE:
                self._idle.append(call)
                return
        call.close()


def connect(path: Path, uid: int) -> socket.socket:
    """A connection to the broker. Raises OSError, and :class:`ConnectionError` where somebody else listens.

    The kernel says who began to listen (unix(7), SO_PEERCRED): the agents' account, or systemd for it.
    """
    link = socket.socket(socket.AF_UNIX)
    try:
        link.settimeout(CONNECT_SECONDS)
        link.connect(str(path))
        if peer(link)[1] not in (uid, 0):
            raise ConnectionRefusedError(f"{path} belongs to somebody else")
        link.settimeout(ANSWER_SECONDS)
    except BaseException:
        link.close()
        raise
    return link


def receive(link: socket.socket, decoder: Decoder) -> list[Received]:
    """The messages that the next read completes. Raises OSError, Malformed; ConnectionError at the end."""
    data, descriptors, flags, _ = socket.recv_fds(link, _READ, MAX_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    messages = decoder.feed(data, descriptors)
    if not data or flags & socket.MSG_CTRUNC:
        raise ConnectionResetError("the broker hung up")
    return messages


def result(answer: Message, opened: Sequence[int] = ()) -> object:
    """What an answer brings; a refusal is raised as the OSError it was, or as a Problem."""
    if "errno" not in answer and "refused" not in answer:
        return answer.get("answer")
    for descriptor in opened:
        with suppress(OSError):
            os.close(descriptor)
    raise refusal(answer)


def refusal(answer: Message) -> Exception:
    """The exception that an answer stands for."""
    number = answer.get("errno")
    if type(number) is int:
        # OSError picks the subclass that goes with the number, FileNotFoundError and others.
        return OSError(number, os.strerror(number & 0xFFFF), str(answer.get("name", ""))[:4096])
    reason = str(answer.get("refused", "no reason"))[:200]
    return Problem(ProblemCode.UNAVAILABLE, f"The broker of the agents' account refused: {reason}.")


def away(path: Path) -> Problem:
    """What people are told while there is no broker."""
    return Problem(
        ProblemCode.UNAVAILABLE,
        f"The account that agents work in cannot be reached: nobody answers at {path}. "
        "Start its broker again (systemctl restart hutch-agents).",
    )
