"""Takes what is due to its targets, in the background of every node."""

from __future__ import annotations

import asyncio
from typing import Final

import structlog

from foundation.notify.sending import Message, Sender
from foundation.secrets_box import SecretsBox
from hub.events import Severity
from hub.fleet.notify.claims import Claims, Note, Parcel
from protocol.problems import Problem

_LOG = structlog.get_logger("hub.notify")
MAX_LINES: Final = 20


def sealed_for(target_id: int) -> str:
    """What a target's sealed address belongs to."""
    return f"notification_target:{target_id}"


class Courier:
    """One task (:meth:`run`) a node; :meth:`round` is one look."""

    def __init__(self, claims: Claims, sender: Sender, box: SecretsBox) -> None:
        self._claims = claims
        self._sender = sender
        self._box = box

    async def run(self, every: float = 5.0) -> None:
        """Send what is due, until cancelled."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.round()
            except Problem as problem:
                _LOG.warning("notify.store_away", problem=str(problem))

    async def round(self) -> int:
        """Send what is due now, one message to each target; how many targets there were."""
        parcels = await self._claims.take()
        async with asyncio.TaskGroup() as group:
            for parcel in parcels:
                group.create_task(self._deliver(parcel))
        return len(parcels)

    async def _deliver(self, parcel: Parcel) -> None:
        notes = [note for note in parcel.notes if not note.moot]
        try:
            if notes:
                address = self._box.open(parcel.sealed, sealed_for(parcel.target_id))
                await self._sender.send(address, compose(notes))
        except Problem as problem:
            _LOG.info("notify.not_sent", target=parcel.target_id, problem=str(problem))
            await self._claims.failed(parcel, problem)
        else:
            await self._claims.sent(parcel)


def compose(notes: list[Note]) -> Message:
    """One message about all of them, at least one."""
    raised = [note for note in notes if note.kind == "raised"]
    worst: Severity | None = None
    if raised:
        worst = "critical" if any(note.severity == "critical" for note in raised) else "warning"
    lines = [
        f"{note.name}: {note.text}" if note.kind == "raised" else f"{note.name}: over. {note.text}" for note in notes
    ]
    shown = lines[:MAX_LINES]
    if len(lines) > MAX_LINES:
        shown.append(f"… and {len(lines) - MAX_LINES} more. Open the hub's page to see them.")
    title = lines[0] if len(lines) == 1 else f"{len(raised)} alerts, {len(notes) - len(raised)} over"
    return Message(title=f"Hutch: {title}"[:200], body="\n".join(shown), severity=worst)
