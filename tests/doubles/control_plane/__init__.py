"""A scripted control plane, written from the wire document alone.

It knows nothing of Hutch's code: a device of any make can be tested against it, and a mistake that our two ends share
cannot hide here.
"""

from __future__ import annotations

from tests.doubles.control_plane.garbage import GarbageServer
from tests.doubles.control_plane.link import Answer, DeviceLink
from tests.doubles.control_plane.plane import ControlPlane, Handshake
from tests.doubles.control_plane.wire import Frame, Message

__all__ = ["Answer", "ControlPlane", "DeviceLink", "Frame", "GarbageServer", "Handshake", "Message"]
