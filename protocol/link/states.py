"""The states of both ends and every way from one to another. What is not in the tables does not happen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Happening(StrEnum):
    """What moves a link from one state to another."""

    START = "start"
    CONNECTED = "connected"
    """Device: connected with a token."""
    ASKED_WHO = "asked_who"
    """Device: connected with a key of its own, and the hub will ask for a proof."""
    PROVED = "proved"
    """Hub: a proof is here."""
    UNCLAIMED = "unclaimed"
    """The key belongs to nobody yet."""
    WELCOMED = "welcomed"
    """The hub knows the device."""
    GREETED = "greeted"
    """Device: the greeting is sent whole. Hub: the hello is here."""
    FAULT = "fault"
    """The other end broke a rule that ends the connection, or stopped answering pings."""
    OVERDUE = "overdue"
    """The time that the state may last is over."""
    LOST = "lost"
    STOP = "stop"


class DeviceState(StrEnum):
    """Where the device's end stands."""

    IDLE = "idle"
    DIALLING = "dialling"
    PROVING = "proving"
    """Connected with a key; what the hub makes of it is not known yet."""
    UNCLAIMED = "unclaimed"
    """Connected, and waiting for a person to claim the device."""
    GREETING = "greeting"
    """Connected; hello is sent, health and snapshots are being collected."""
    LIVE = "live"
    CLOSING = "closing"
    WAITING = "waiting"
    """Not connected; the next attempt is at ``deadline``."""
    STOPPING = "stopping"
    STOPPED = "stopped"


class HubState(StrEnum):
    """Where the hub's end of one connection stands."""

    CHALLENGING = "challenging"
    """Connected; the proof is not here yet."""
    CHECKING = "checking"
    """The proof is here, and the driver looks at it."""
    UNCLAIMED = "unclaimed"
    EXPECTING = "expecting"
    """Connected; the hello is not here yet."""
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


DEVICE_TRANSITIONS: Final[Mapping[DeviceState, Mapping[Happening, DeviceState]]] = {
    DeviceState.IDLE: {
        Happening.START: DeviceState.DIALLING,
        Happening.STOP: DeviceState.STOPPED,
    },
    DeviceState.DIALLING: {
        Happening.CONNECTED: DeviceState.GREETING,
        Happening.ASKED_WHO: DeviceState.PROVING,
        Happening.LOST: DeviceState.WAITING,
        Happening.OVERDUE: DeviceState.WAITING,
        Happening.STOP: DeviceState.STOPPED,
    },
    DeviceState.PROVING: {
        Happening.UNCLAIMED: DeviceState.UNCLAIMED,
        Happening.WELCOMED: DeviceState.GREETING,
        Happening.LOST: DeviceState.WAITING,
        Happening.FAULT: DeviceState.CLOSING,
        Happening.OVERDUE: DeviceState.CLOSING,
        Happening.STOP: DeviceState.STOPPING,
    },
    DeviceState.UNCLAIMED: {
        Happening.UNCLAIMED: DeviceState.UNCLAIMED,
        Happening.WELCOMED: DeviceState.GREETING,
        Happening.LOST: DeviceState.WAITING,
        Happening.FAULT: DeviceState.CLOSING,
        Happening.OVERDUE: DeviceState.CLOSING,
        Happening.STOP: DeviceState.STOPPING,
    },
    DeviceState.GREETING: {
        Happening.GREETED: DeviceState.LIVE,
        Happening.LOST: DeviceState.WAITING,
        Happening.FAULT: DeviceState.CLOSING,
        Happening.OVERDUE: DeviceState.CLOSING,
        Happening.STOP: DeviceState.STOPPING,
    },
    DeviceState.LIVE: {
        Happening.LOST: DeviceState.WAITING,
        Happening.FAULT: DeviceState.CLOSING,
        Happening.STOP: DeviceState.STOPPING,
    },
    DeviceState.CLOSING: {
        Happening.LOST: DeviceState.WAITING,
        Happening.OVERDUE: DeviceState.WAITING,
        Happening.STOP: DeviceState.STOPPING,
    },
    DeviceState.WAITING: {
        Happening.OVERDUE: DeviceState.DIALLING,
        Happening.STOP: DeviceState.STOPPED,
    },
    DeviceState.STOPPING: {
        Happening.LOST: DeviceState.STOPPED,
        Happening.OVERDUE: DeviceState.STOPPED,
    },
    DeviceState.STOPPED: {},
}

HUB_TRANSITIONS: Final[Mapping[HubState, Mapping[Happening, HubState]]] = {
    HubState.CHALLENGING: {
        Happening.PROVED: HubState.CHECKING,
        Happening.LOST: HubState.CLOSED,
        Happening.FAULT: HubState.CLOSING,
        Happening.OVERDUE: HubState.CLOSING,
        Happening.STOP: HubState.CLOSING,
    },
    HubState.CHECKING: {
        Happening.UNCLAIMED: HubState.UNCLAIMED,
        Happening.WELCOMED: HubState.EXPECTING,
        Happening.LOST: HubState.CLOSED,
        Happening.FAULT: HubState.CLOSING,
        Happening.OVERDUE: HubState.CLOSING,
        Happening.STOP: HubState.CLOSING,
    },
    HubState.UNCLAIMED: {
        Happening.UNCLAIMED: HubState.UNCLAIMED,
        Happening.WELCOMED: HubState.EXPECTING,
        Happening.LOST: HubState.CLOSED,
        Happening.FAULT: HubState.CLOSING,
        Happening.OVERDUE: HubState.CLOSING,
        Happening.STOP: HubState.CLOSING,
    },
    HubState.EXPECTING: {
        Happening.GREETED: HubState.OPEN,
        Happening.LOST: HubState.CLOSED,
        Happening.FAULT: HubState.CLOSING,
        Happening.OVERDUE: HubState.CLOSING,
        Happening.STOP: HubState.CLOSING,
    },
    HubState.OPEN: {
        Happening.GREETED: HubState.OPEN,
        Happening.LOST: HubState.CLOSED,
        Happening.FAULT: HubState.CLOSING,
        Happening.OVERDUE: HubState.CLOSING,
        Happening.STOP: HubState.CLOSING,
    },
    HubState.CLOSING: {
        Happening.LOST: HubState.CLOSED,
        Happening.OVERDUE: HubState.CLOSED,
    },
    HubState.CLOSED: {},
}

DEVICE_LASTS: Final[Mapping[DeviceState, float]] = {
    DeviceState.DIALLING: 30.0,
    DeviceState.PROVING: 30.0,
    DeviceState.UNCLAIMED: 900.0,
    DeviceState.GREETING: 15.0,
    DeviceState.CLOSING: 10.0,
    DeviceState.STOPPING: 3.0,
}
"""How long a state may last, in seconds. The backoff says it for WAITING; UNCLAIMED begins anew with each code, and a
code is good for 10 minutes."""

HUB_LASTS: Final[Mapping[HubState, float]] = {
    HubState.CHALLENGING: 15.0,
    HubState.CHECKING: 15.0,
    HubState.UNCLAIMED: 900.0,
    HubState.EXPECTING: 15.0,
    HubState.CLOSING: 10.0,
}
"""How long a state may last, in seconds; UNCLAIMED begins anew with each code. OPEN begins anew with each sign
of life, and the link itself says how long it waits for one."""
