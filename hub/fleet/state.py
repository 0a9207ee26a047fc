"""The live state of the devices whose sockets this node holds: the fleet's ear on the links."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hub.events import (
    AnyHubEvent,
    DeviceChanged,
    DeviceDuplicated,
    DeviceOffline,
    DeviceOnline,
    SessionChanged,
    SessionEnded,
    SessionFailed,
    SessionRunaway,
    UpdateFinished,
)
from hub.fleet.announcer import Publisher
from hub.fleet.averages import Sample
from hub.fleet.live import LiveDevice
from hub.fleet.pending import Pending
from hub.fleet.types import SessionView
from hub.ports import DeviceRow
from protocol import events as wire
from protocol.problems import Problem

Looked = Callable[[LiveDevice, datetime], None]
"""Looks at a device after it said something; must not block."""


def _nobody(_device: LiveDevice, _at: datetime) -> None:
    return None


class FleetState:
    """Implements :class:`hub.ports.LinkEvents`: never blocks and never raises. All on the loop's thread."""

    def __init__(self, publisher: Publisher, pending: Pending, looked: Looked = _nobody) -> None:
        self._publisher = publisher
        self._pending = pending
        self._looked = looked
        self._devices: dict[str, LiveDevice] = {}

    def __len__(self) -> int:
        return len(self._devices)

    def get(self, device_id: str) -> LiveDevice | None:
        """A device whose socket is on this node, None for any other."""
        return self._devices.get(device_id)

    # LinkEvents

    def connected(self, device: DeviceRow, hello: wire.GatewayHello, at: datetime) -> None:
        """A device said hello."""
        live = self._devices.get(device.id)
        if live is None:
            self._devices[device.id] = live = LiveDevice(device, hello, at)
            self._publish(live, DeviceOnline, at, version=hello.version)
        else:
            changed = _differences(live, device, hello)
            live.greet(device, hello, at)
            if changed:
                self._publish(live, DeviceChanged, at, changed=changed)
        self._pending.came(live)
        self._looked(live, at)

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        """A device is offline."""
        live = self._devices.pop(device_id, None)
        if live is None:
            return
        live.online, live.since = False, at
        self._sample(live.averager.finish(device_id))
        self._pending.went(live)
        self._publish(live, DeviceOffline, at, reason=reason[:256])

    def heard(self, device_id: str, event: wire.AnyEvent, at: datetime) -> None:
        """A device said something that answers no request."""
        live = self._devices.get(device_id)
        if live is None:
            return
        live.last_seen_at = at
        if self._take(live, event, at):
            self._pending.touched(live, at)
            self._looked(live, at)

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        """The output of a session was cut off."""
        live = self._devices.get(device_id)
        if live is None or session_id in live.runaway:
            return
        live.runaway.add(session_id)
        rate = problem.details.get("bytes_per_second")
        speed = int(rate) if isinstance(rate, int | float) else 0
        self._publish(live, SessionRunaway, at, session_id=session_id, bytes_per_second=speed)
        self._looked(live, at)

    # What other parts tell

    def tame(self, device_id: str, session_id: str, at: datetime) -> None:
        """A session that was cut off is shown again, or behaves."""
        live = self._devices.get(device_id)
        if live is not None and session_id in live.runaway:
            live.runaway.discard(session_id)
            self._publish(live, SessionRunaway, at, session_id=session_id, bytes_per_second=0, over=True)
            self._looked(live, at)

    def duplicated(self, device_id: str, at: datetime) -> None:
        """Somebody else uses the device's key."""
        live = self._devices.get(device_id)
        if live is not None:
            live.duplicated_at = at
            self._looked(live, at)

    def renamed(self, row: DeviceRow) -> None:
        """A device has another name, group or organisation."""
        live = self._devices.get(row.id)
        if live is not None:
            live.row = row

    def here(self, event: AnyHubEvent) -> None:
        """Another part of this node tells."""
        if isinstance(event, DeviceDuplicated):
            self.duplicated(event.device_id, event.at)
        elif isinstance(event, DeviceChanged) and event.group_id is not None:
            self.renamed(DeviceRow(event.device_id, event.organisation_id, event.group_id, event.name))

    def elsewhere(self, event: AnyHubEvent) -> None:
        """Another node tells: what came there is no longer here, and what changed there changed here."""
        if isinstance(event, DeviceOnline):
            self._devices.pop(event.device_id, None)
        else:
            self.here(event)

    # Inside

    def _take(self, live: LiveDevice, event: wire.AnyEvent, at: datetime) -> bool:
        """Whether it was something worth a look."""
        match event:
            case wire.GatewayHealth():
                measured = live.measure(event, at)
                self._sample(measured.sample)
                self._sessions(live, measured.changed, measured.gone, at)
            case wire.SessionChanged():
                view = live.take(event.session, at)
                self._sessions(live, [view] if view is not None else [], [], at)
            case wire.SessionEnded():
                self._ended(live, event, at)
            case wire.SessionError():
                name = _name_of(live, event.session_id)
                self._publish(
                    live, SessionFailed, at, session_id=event.session_id, session_name=name, error=event.error[:512]
                )
            case wire.GatewayPolicy():
                live.allows = event.allows
                self._pending.changed(live)
                self._publish(live, DeviceChanged, at, changed=("policy",))
            case wire.GatewayUpdated():
                self._publish(live, UpdateFinished, at, version=event.version)
            case wire.GatewayUpdateFailed():
                self._publish(live, UpdateFinished, at, version=None, error=event.error[:512])
            case _:
                return False
        return True

    def _sessions(self, live: LiveDevice, changed: list[SessionView], gone: list[SessionView], at: datetime) -> None:
        for view in changed:
            self._publish(
                live,
                SessionChanged,
                at,
                session_id=view.session_id,
                session_name=view.name,
                agent=view.agent,
                status=view.status,
                title=view.title[:256],
            )
        for view in gone:
            self._publish(live, SessionEnded, at, session_id=view.session_id, session_name=view.name, exit_code=None)
        if changed or gone:
            self._pending.changed(live)

    def _ended(self, live: LiveDevice, event: wire.SessionEnded, at: datetime) -> None:
        gone = live.drop(event.session_id)
        name = gone.name if gone is not None else event.session_id
        self._pending.changed(live)
        self._publish(live, SessionEnded, at, session_id=event.session_id, session_name=name, exit_code=event.exit_code)

    def _sample(self, sample: Sample | None) -> None:
        if sample is not None:
            self._pending.sampled(sample)

    def _publish(self, live: LiveDevice, kind: Callable[..., AnyHubEvent], at: datetime, **more: object) -> None:
        row = live.row
        self._publisher.publish(
            kind(
                at=at,
                organisation_id=row.organisation_id,
                group_id=row.group_id,
                device_id=row.id,
                name=row.name,
                **more,
            )
        )


def _differences(live: LiveDevice, device: DeviceRow, hello: wire.GatewayHello) -> tuple[str, ...]:
    """What a device that was here a moment ago says otherwise now."""
    differs = {
        "name": device.name != live.row.name,
        "group": device.group_id != live.row.group_id,
        "version": hello.version != live.version,
        "hostname": hello.hostname != live.hostname,
        "policy": hello.allows != live.allows,
    }
    return tuple(name for name, other in differs.items() if other)


def _name_of(live: LiveDevice, session_id: str) -> str:
    view = live.sessions.get(session_id)
    return view.name if view is not None else session_id
