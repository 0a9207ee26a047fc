"""Some ask for a permission without having told of the tool call: it is made from the request."""

from __future__ import annotations

from dataclasses import replace

from gateway.conversations.parts import ToolState
from gateway.conversations.updates import ToolTold


def call_of_request(told: ToolTold) -> ToolTold:
    """The tool call that a permission request stands for, waiting."""
    return replace(told, state=ToolState.WAITING)
