"""Which device is where: this node's sockets, what the store knows of them, and what the other nodes say of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError

from hub.nodes.directory import Directory, Place
from hub.nodes.door import Door
from hub.nodes.presence import Presence
from hub.nodes.signals import Signals
from hub.ports import Cutter
from protocol.close_codes import CloseCode

_HERE: Final = "here"
_GONE: Final = "gone"
_AT_ONCE: Final = 200
_EPOCHS: Final = TypeAdapter(dict[str, int])
_IDS: Final = TypeAdapter(list[str])
_LOG = structlog.get_logger("hub.nodes")


class Books:
    """Keeps them, and cuts the socket that a newer one on another node has replaced."""

    def __init__(
        self,
        signals: Signals,
        directory: Directory,
        presence: Presence,
        door: Door,
        cutter: Cutter,
        *,
        came: Callable[[str], None],
    ) -> None:
        self._signals = signals
        self._directory = directory
        self._presence = presence
        self._door = door
        self._cutter = cutter
        self._came = came
        signals.on(_HERE, self._here)
        signals.on(_GONE, self._gone)

    def came(self, device_id: str) -> None:
        """A socket of this node."""
        self._directory.here(device_id)
        self._door.hold(device_id)
        self._presence.connected(device_id)
        self._came(device_id)

    def went(self, device_id: str) -> bool:
        """It is gone; whether the device is nowhere else."""
        self._door.release(device_id)
        self._presence.disconnected(device_id)
        return not self._directory.elsewhere(device_id)

    async def written(self, epochs: Mapping[str, int], gone: Sequence[str]) -> None:
        """The store has them: the others may know."""
        for part in _parts(sorted(epochs)):
            self._signals.tell(_HERE, _EPOCHS.dump_json({one: epochs[one] for one in part}))
        for part in _parts(list(gone)):
            self._signals.tell(_GONE, _IDS.dump_json(part))

    async def read_anew(self) -> None:
        """Read everything from the store: at the start, and when news may have been missed. Raises Problem."""
        places = await self._presence.places()
        for device_id, place in places:
            self._moved(device_id, place)
        held = self._door.held
        self._directory.replace((one, place) for one, place in places if one not in held)

    def rejoined(self) -> None:
        """This node was taken for dead: its devices are written again."""
        for device_id in self._door.held:
            self._presence.connected(device_id)

    def _here(self, sender: str, body: bytes) -> None:
        try:
            epochs = _EPOCHS.validate_json(body)
        except ValidationError:
            return
        for device_id, epoch in epochs.items():
            self._moved(device_id, Place(sender, epoch))

    def _gone(self, sender: str, body: bytes) -> None:
        try:
            ids = _IDS.validate_json(body)
        except ValidationError:
            return
        for device_id in ids:
            self._directory.gone(device_id, sender)

    def _moved(self, device_id: str, place: Place) -> None:
        if not self._door.holds(device_id):
            self._directory.there(device_id, place)
            return
        epoch = self._presence.epoch(device_id)
        # Without an epoch ours is being written right now, and will be the newer one.
        if epoch is None or epoch >= place.epoch:
            return
        self._directory.there(device_id, place)
        _LOG.info("a device moved to another node", device=device_id, node=place.node_id)
        if not self._cutter.cut(device_id, int(CloseCode.REPLACED), "the device has a newer connection"):
            self.went(device_id)


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
