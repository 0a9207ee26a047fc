"""What happens on one node and concerns all: events, claims, revoked access, sockets to be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from pydantic import BaseModel, ValidationError

from hub.events import MAX_EVENT_BYTES, AnyHubEvent, dump_event, load_event
from hub.nodes.signals import Signals
from hub.ports import Cutter

_EVENT: Final = "event"
_CLAIM: Final = "claim"
_ACCESS: Final = "access"
_CUT: Final = "cut"
_LOG = structlog.get_logger("hub.nodes")


class EventRelay:
    """Gives this node's events to the others (:meth:`tell`), and theirs to ``relayed``."""

    def __init__(self, signals: Signals, relayed: Callable[[AnyHubEvent], None]) -> None:
        self._signals = signals
        self._relayed = relayed
        signals.on(_EVENT, self._heard)

    def tell(self, event: AnyHubEvent) -> None:
        """Something happened here. Never blocks and never raises."""
        body = dump_event(event)
        if len(body) > MAX_EVENT_BYTES:
            _LOG.warning("an event is too big for the other nodes", type=event.type, size=len(body))
            return
        self._signals.tell(_EVENT, body)

    def _heard(self, _sender: str, body: bytes) -> None:
        try:
            event = load_event(body)
        except ValueError:
            return  # of a later version
        self._relayed(event)


class Bell:
    """One who waits for a claim."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most so long; False when the time is over. A ring from before counts once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.rung.wait()
        was_rung = self.rung.is_set()
        self.rung.clear()
        return was_rung


class ClusterClaimSignals:
    """Enrolment's ``ClaimSignals`` over all nodes."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._bells: dict[str, set[Bell]] = {}
        signals.on(_CLAIM, lambda _sender, body: self._ring(body.decode("ascii", "replace")))
        signals.on_missed(self._ring_all)

    async def ring(self, gateway_id: str) -> None:
        """Wake those who wait for this device, on every node."""
        self._ring(gateway_id)
        self._signals.tell(_CLAIM, gateway_id.encode())

    @asynccontextmanager
    async def listen(self, gateway_id: str) -> AsyncIterator[Bell]:
        """Be woken."""
        bell = Bell()
        self._bells.setdefault(gateway_id, set()).add(bell)
        try:
            yield bell
        finally:
            bells = self._bells[gateway_id]
            bells.discard(bell)
            if not bells:
                del self._bells[gateway_id]

    def _ring(self, gateway_id: str) -> None:
        for bell in self._bells.get(gateway_id, ()):
            bell.rung.set()

    def _ring_all(self) -> None:
        for gateway_id in self._bells:
            self._ring(gateway_id)


class AccessRelay:
    """Tokens that were revoked, or mean something else now: :meth:`tell` here, ``forget`` on the other nodes."""

    def __init__(self, signals: Signals, forget: Callable[[Iterable[int]], None]) -> None:
        self._signals = signals
        self._forget = forget
        self._hearing = False
        signals.on(_ACCESS, self._heard)

    def tell(self, token_id: int) -> None:
        """Have the others forget what they remember of a token. What they tell us is not told back."""
        if not self._hearing:
            self._signals.tell(_ACCESS, b"%d" % token_id)

    def tell_all(self, token_ids: Iterable[int]) -> None:
        """The same for several."""
        for token_id in token_ids:
            self.tell(token_id)

    def _heard(self, _sender: str, body: bytes) -> None:
        if not body.isdigit() or len(body) > 18:
            return
        self._hearing = True
        try:
            self._forget([int(body)])
        finally:
            self._hearing = False


class _Cut(BaseModel):
    device_id: str
    code: int
    reason: str


class ClusterCutter:
    """:class:`hub.ports.Cutter` that reaches the sockets of every node."""

    def __init__(self, signals: Signals, local: Cutter) -> None:
        self._signals = signals
        self._local = local
        signals.on(_CUT, self._heard)

    def cut(self, device_id: str, code: int, reason: str) -> bool:
        """Cut it here and, soon, everywhere else; whether there was one here."""
        told = _Cut(device_id=device_id, code=code, reason=reason)
        self._signals.tell(_CUT, told.model_dump_json().encode())
        return self._local.cut(device_id, code, reason)

    def _heard(self, _sender: str, body: bytes) -> None:
        with suppress(ValidationError):
            told = _Cut.model_validate_json(body)
            self._local.cut(told.device_id, told.code, told.reason)
