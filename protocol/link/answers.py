"""Which events answer which command, and the books that see to it that each is answered once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol.events import (
    EVENTS,
    Ack,
    AgentInstalled,
    AgentsStatus,
    AnyEvent,
    FileContentBegin,
    FileContentChunk,
    FileContentEnd,
    GatewayUpdated,
    GatewayUpdateFailed,
    KeyRotated,
    SessionEnded,
    SessionSnapshot,
    SessionStarted,
    SshKeys,
    WorkspaceFolders,
)

MAX_OUTSTANDING: Final = 1024
"""Commands that may wait for their answers at a time."""
_REMEMBERED: Final = 4096


@dataclass(frozen=True, slots=True)
class Answer:
    """What answers a command: events that may come ``first``, and the ``final`` one, after which nothing comes.

    ``ack(ok=false)`` ends every command.
    """

    first: tuple[type[AnyEvent], ...] = ()
    final: tuple[type[AnyEvent], ...] = (Ack,)


ANSWERS: Final[Mapping[str, Answer]] = {
    "session.create": Answer(first=(SessionStarted,)),
    "session.input": Answer(),
    "session.resize": Answer(),
    "session.end": Answer(first=(SessionEnded,)),
    "session.ack": Answer(),
    "session.snapshot": Answer(first=(SessionSnapshot,)),
    "ssh.authorize": Answer(),
    "ssh.revoke": Answer(),
    "ssh.list": Answer(final=(SshKeys,)),
    "file.upload.begin": Answer(),
    "file.upload.chunk": Answer(),
    "file.upload.end": Answer(),
    "file.download": Answer(first=(FileContentBegin, FileContentChunk, FileContentEnd)),
    "file.cancel": Answer(),
    "agents.install": Answer(first=(AgentInstalled,)),
    "agents.list": Answer(final=(AgentsStatus,)),
    "workspace.list": Answer(final=(WorkspaceFolders,)),
    "gateway.update": Answer(final=(GatewayUpdated, GatewayUpdateFailed)),
    "key.rotate": Answer(final=(KeyRotated,)),
}

_NAMING: Final = frozenset(model for model in EVENTS if "request_id" in model.model_fields)


def request_id_of(event: AnyEvent) -> str | None:
    """The request an event names, or None."""
    request_id: str | None = getattr(event, "request_id", None) if type(event) in _NAMING else None
    return request_id


class Ledger:
    """The request ids of one connection: those waiting for an answer, and the latest that had one."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._done: OrderedDict[str, None] = OrderedDict()

    @property
    def full(self) -> bool:
        """Whether no further command may wait."""
        return len(self._waiting) >= MAX_OUTSTANDING

    @property
    def waiting(self) -> frozenset[str]:
        """The request ids that have no final answer yet."""
        return frozenset(self._waiting)

    def knows(self, request_id: str) -> bool:
        """Whether this request is waiting or was answered."""
        return request_id in self._waiting or request_id in self._done

    def open(self, request_id: str) -> None:
        """A command waits from now on."""
        self._waiting.add(request_id)

    def settle(self, request_id: str) -> bool:
        """The final answer is on its way; False when there was none to give."""
        if request_id not in self._waiting:
            return False
        self._waiting.remove(request_id)
        self.remember(request_id)
        return True

    def remember(self, request_id: str) -> None:
        """This id is used up."""
        self._done[request_id] = None
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)
