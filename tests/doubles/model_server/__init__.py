"""A model provider for tests: the APIs that agent CLIs speak, written from their public specifications alone.

A :class:`Script` says what is answered, in the same words for every API; the server keeps each request with its time
and everything it sent. It listens on loopback and knows nothing of Hutch.
"""

from __future__ import annotations

from tests.doubles.model_server.records import Journal, Outcome, Record, Sent
from tests.doubles.model_server.request import ModelRequest, Seen, Tool
from tests.doubles.model_server.script import (
    Answer,
    Break,
    Call,
    Cut,
    Hold,
    Pause,
    Refuse,
    RunShell,
    Say,
    Script,
    Step,
    Think,
    Turn,
    Turns,
    Usage,
    WriteFile,
    words,
)
from tests.doubles.model_server.server import ModelServer

__all__ = [
    "Answer",
    "Break",
    "Call",
    "Cut",
    "Hold",
    "Journal",
    "ModelRequest",
    "ModelServer",
    "Outcome",
    "Pause",
    "Record",
    "Refuse",
    "RunShell",
    "Say",
    "Script",
    "Seen",
    "Sent",
    "Step",
    "Think",
    "Tool",
    "Turn",
    "Turns",
    "Usage",
    "WriteFile",
    "words",
]
