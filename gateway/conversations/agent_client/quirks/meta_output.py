"""Some put a tool's output into ``_meta.terminal_output_delta`` or ``_meta.terminal_output`` of its updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.conversations.updates import ToolTold

_PLACES = ("terminal_output_delta", "terminal_output")


def with_meta_output(told: ToolTold, meta: Mapping[str, object] | None) -> ToolTold:
    """The update with the output that stands in its ``_meta``: text, or an object with ``data``."""
    for place in _PLACES:
        found = (meta or {}).get(place)
        text = found.get("data") if isinstance(found, Mapping) else found
        if isinstance(text, str) and text:
            return replace(told, more_output=told.more_output + text)
    return told
