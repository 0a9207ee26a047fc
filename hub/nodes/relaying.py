"""What happens on one node and concerns all: events, claims, revoked access, sockets to be cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

import structlog
from pydantic import BaseModel, Field, ValidationError

from hub.claim_signals import Bell, LocalClaimSignals
from hub.events import MAX_EVENT_BYTES, AnyHubEvent, dump_event, load_event
from hub.nodes.signals import Signals
from hub.ports import Cutter
from protocol.fields import GatewayId
from protocol.notices import GatewayKeyAccepted

_EVENT: Final = "event"
_CLAIM: Final = "claim"
_ACCESS: Final = "access"
_CUT: Final = "cut"
_REPLACED: Final = "replaced"
_KEY: Final = "key"
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


class ClusterClaimSignals:
    """:class:`hub.claim_signals.ClaimSignals` over all nodes."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._here = LocalClaimSignals()
        signals.on(_CLAIM, lambda _sender, body: self._here.wake(body.decode("ascii", "replace")))
        signals.on_missed(self._here.wake_all)

    async def ring(self, gateway_id: str) -> None:
        """Wake those who wait for this device, on every node."""
        await self._here.ring(gateway_id)
        self._signals.tell(_CLAIM, gateway_id.encode())

    def listen(self, gateway_id: str) -> AbstractAsyncContextManager[Bell]:
        """Be woken."""
        return self._here.listen(gateway_id)


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


class _Replaced(BaseModel):
    device_id: str = Field(max_length=128)
    source: str = Field(max_length=64)
    hold: float = Field(ge=0, le=3600)


class ReplacementRelay:
    """Arrivals that replaced a live socket: :meth:`tell` of those here, ``heard`` those of the other nodes."""

    def __init__(self, signals: Signals, heard: Callable[[str, str, float], None]) -> None:
        self._signals = signals
        self._told = heard
        signals.on(_REPLACED, self._heard)

    def tell(self, device_id: str, source: str, hold: float) -> None:
        """A device came from ``source``, and is protected for ``hold`` seconds. Never blocks."""
        told = _Replaced(device_id=device_id, source=source[:64], hold=hold)
        self._signals.tell(_REPLACED, told.model_dump_json().encode())

    def _heard(self, _sender: str, body: bytes) -> None:
        with suppress(ValidationError):
            told = _Replaced.model_validate_json(body)
            self._told(told.device_id, told.source, told.hold)


class _Accepted(BaseModel):
    device_id: GatewayId
    notice: GatewayKeyAccepted


class KeyRelay:
    """Tells a device that its new key counts, wherever its socket is: ``say`` does it where the socket is here."""

    def __init__(self, signals: Signals, say: Callable[[str, GatewayKeyAccepted], None]) -> None:
        self._signals = signals
        self._say = say
        signals.on(_KEY, self._heard)

    def tell(self, device_id: str, notice: GatewayKeyAccepted) -> None:
        """Say it here, and have the other nodes do so: the device may be on its way from one to the other."""
        told = _Accepted(device_id=device_id, notice=notice)
        self._signals.tell(_KEY, told.model_dump_json().encode())
        self._say(device_id, notice)

    def _heard(self, _sender: str, body: bytes) -> None:
        with suppress(ValidationError):
            told = _Accepted.model_validate_json(body)
            self._say(told.device_id, told.notice)


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
