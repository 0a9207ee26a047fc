"""The daemon's lasting connection to the broker, on the event loop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from gateway.programs.calls import receive
from gateway.programs.wire import Decoder, Malformed, Message, encode


class Line:
    """Sends and receives messages in order and never blocks. ``on_lost`` is called once, unless it was closed."""

    def __init__(self, link: socket.socket, on_message: Callable[[Message], None], on_lost: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._link = link
        self._on_message = on_message
        self._on_lost = on_lost
        self._decoder = Decoder()
        self._queue: deque[tuple[memoryview, list[int]]] = deque()
        self._open = True
        link.setblocking(False)
        self._loop.add_reader(link, self._readable)

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Send a message; the descriptors stay the caller's. Nothing happens once the line is down.

        Raises:
            Malformed: the message is too long.
        """
        frame = memoryview(encode(message, len(descriptors)))
        if self._open:
            # The caller may close its own before they are sent.
            self._queue.append((frame, [os.dup(descriptor) for descriptor in descriptors]))
            self._flush()

    def close(self) -> None:
        """Hang up."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._link)
        self._loop.remove_writer(self._link)
        for _, descriptors in self._queue:
            _close(descriptors)
        self._queue.clear()
        _close(self._decoder.abandon())
        self._link.close()

    def _flush(self) -> None:
        try:
            while self._queue:
                frame, descriptors = self._queue[0]
                sent = socket.send_fds(self._link, [frame], descriptors) if descriptors else self._link.send(frame)
                _close(descriptors)
                self._queue[0] = (frame[sent:], [])
                if sent == len(frame):
                    self._queue.popleft()
        except BlockingIOError:
            self._loop.add_writer(self._link, self._flush)
        except OSError:
            self._lose()
        else:
            self._loop.remove_writer(self._link)

    def _readable(self) -> None:
        try:
            messages = receive(self._link, self._decoder)
        except BlockingIOError:
            return
        except (OSError, Malformed):
            self._lose()
            return
        for message, descriptors in messages:
            _close(descriptors)  # none is asked for here
            self._on_message(message)

    def _lose(self) -> None:
        if self._open:
            self.close()
            self._on_lost()


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)
