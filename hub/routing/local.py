"""The ports of the devices whose sockets are on this node."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Protocol

from hub.ports import Stream, ViewerName, Watch
from hub.routing.berth import Berth, head_of
from hub.routing.connection import Connection, offline
from hub.routing.connections import Connections
from hub.routing.terminals.room import Room
from hub.routing.transfers import Outcome
from protocol.commands import AnyCommand
from protocol.fields import SESSION_ID_PATTERN
from protocol.limits import ANSWER_WITHIN
from protocol.link import Answered
from protocol.problems import Problem, ProblemCode

_SESSION_ID: Final = re.compile(SESSION_ID_PATTERN.strip("^$"), re.ASCII)
_GONE: Final = frozenset({ProblemCode.UNAVAILABLE, ProblemCode.DEVICE_OFFLINE})


class StreamOpener(Protocol):
    """Opens streams over a connection."""

    async def open(self, connection: Connection) -> Stream:
        """See :meth:`hub.ports.DevicePort.open_stream`."""
        ...


class LocalPort:
    """A :class:`hub.ports.DevicePort`; cheap, made for each use."""

    __slots__ = ("_connections", "_opener", "device_id")

    def __init__(self, device_id: str, connections: Connections, opener: StreamOpener | None) -> None:
        self.device_id = device_id
        self._connections = connections
        self._opener = opener

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        """See :class:`hub.ports.DevicePort`."""
        connection = self._connection()
        stats = self._connections.stats
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def settle(outcome: Outcome) -> None:
            if not answered.done():
                answered.set_result(outcome)

        connection.request(command, settle, within)
        outcome = await answered
        stats.calls += 1
        if isinstance(outcome, Answered):
            return outcome
        stats.calls_timed_out += outcome.problem.code is ProblemCode.TIMEOUT
        raise offline(sent=True) if outcome.problem.code in _GONE else outcome.problem

    @asynccontextmanager
    async def watch(self, session_id: str, viewer: ViewerName) -> AsyncIterator[Watch]:
        """See :class:`hub.ports.DevicePort`."""
        if not _SESSION_ID.fullmatch(session_id):
            raise Problem(ProblemCode.NOT_FOUND, "There is no such session. Choose one from the list.")
        self._connection()
        room = self._room(session_id)
        watching = room.join(viewer)
        try:
            try:
                async with asyncio.timeout(ANSWER_WITHIN + 1):
                    await watching.joined
            except TimeoutError:
                message = "The device did not show the screen in time. Look whether it is well, then try again."
                raise Problem(ProblemCode.TIMEOUT, message) from None
            yield watching
        finally:
            room.leave(watching)

    async def open_stream(self) -> Stream:
        """See :class:`hub.ports.DevicePort`."""
        connection = self._connection()
        if self._opener is None:
            raise Problem(ProblemCode.UNAVAILABLE, "This hub does not show the devices' own pages.")
        return await self._opener.open(connection)

    def _connection(self) -> Connection:
        connection = self._connections.live(self.device_id)
        if connection is None or not connection.live:
            raise offline()
        return connection

    def _room(self, session_id: str) -> Room:
        berth = self._connections.berth(self.device_id)
        if berth is None:
            raise offline()
        head = head_of(session_id)
        room = berth.rooms.get(head)
        return room if room is not None else self._new_room(berth, session_id, head)

    def _new_room(self, berth: Berth, session_id: str, head: bytes) -> Room:
        if len(berth.rooms) >= self._connections.limits.sessions_watched_per_device:
            message = "Too many sessions of this device are watched at a time. Close a terminal somewhere."
            raise Problem(ProblemCode.TOO_MANY, message)
        return Room(self._connections, berth, session_id, head)


class LocalPorts:
    """A :class:`hub.ports.Ports` and :class:`hub.ports.Cutter` over the sockets of this node."""

    def __init__(self, connections: Connections, opener: StreamOpener | None = None) -> None:
        self._connections = connections
        self._opener = opener

    def of(self, device_id: str) -> LocalPort:
        """See :class:`hub.ports.Ports`."""
        return LocalPort(device_id, self._connections, self._opener)

    def online(self, device_id: str) -> bool:
        """See :class:`hub.ports.Ports`."""
        return self._connections.online(device_id)

    def cut(self, device_id: str, code: int, reason: str) -> bool:
        """See :class:`hub.ports.Cutter`."""
        return self._connections.cut(device_id, code, reason)
