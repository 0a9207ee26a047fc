"""The link between a device and its hub as state machines without I/O (in the style of h11).

Both ends take what happened (a socket opened, a text frame arrived, time passed) and give a list of actions. Nothing
here opens a socket, reads a clock or draws a random number, so a test can drive both ends against each other in memory.

A driver of the device's end, shortened::

    link = DeviceLink(hello, random=random.random)
    carry_out(link.start(now()))
    # Dial      -> connect; link.connected(now()) or link.lost(now(), refused=...)
    # Prove     -> sign; link.prove(asked, proof, now())                    (a device with a key of its own)
    # Greet     -> collect health and snapshots; link.greet(health, snapshots, now())
    # Deliver   -> run the command; link.succeed(delivered, *events, now=now()) or link.refuse(delivered, problem, ...)
    # each frame that arrives -> link.received_text(text, now()) or link.received_binary(data, now())
    # DeliverStream -> the streams' multiplexer; what it wants to send goes out by link.send_stream(item, now())
    # when link.deadline has come -> link.tick(now())

A driver of the hub's end: ``HubLink(gateway_id, now)`` for a device with a token, or with ``challenge=`` for one with a
key; then the actions of ``start(now)``, and CheckProof is answered by ``welcome``, ``unclaimed`` or ``refuse``.

Every call's actions are to be carried out in order before those of the next call.
"""

from __future__ import annotations

from protocol.close_codes import CloseCode
from protocol.link.actions import (
    Abort,
    Answered,
    CheckProof,
    Close,
    Deliver,
    DeliverEvent,
    DeliverInput,
    DeliverNotice,
    DeliverOutput,
    DeliverPart,
    DeliverStream,
    DeviceAction,
    Dial,
    Gap,
    Greet,
    HubAction,
    Note,
    Prove,
    SampleHealth,
    SendBinary,
    SendPing,
    SendText,
    Unanswered,
)
from protocol.link.answers import ANSWERS, Answer, request_id_of
from protocol.link.device import DeviceLink
from protocol.link.hub import HubLink
from protocol.link.states import DeviceState, HubState

__all__ = [
    "ANSWERS",
    "Abort",
    "Answer",
    "Answered",
    "CheckProof",
    "Close",
    "CloseCode",
    "Deliver",
    "DeliverEvent",
    "DeliverInput",
    "DeliverNotice",
    "DeliverOutput",
    "DeliverPart",
    "DeliverStream",
    "DeviceAction",
    "DeviceLink",
    "DeviceState",
    "Dial",
    "Gap",
    "Greet",
    "HubAction",
    "HubLink",
    "HubState",
    "Note",
    "Prove",
    "SampleHealth",
    "SendBinary",
    "SendPing",
    "SendText",
    "Unanswered",
    "request_id_of",
]
