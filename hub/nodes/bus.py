"""The bus between the nodes of a hub: questions with answers, and messages to whoever listens.

Two of them behave the same: :class:`hub.nodes.local_bus.LocalBus` within one process and
:class:`hub.nodes.nats_bus.NatsBus` between several. Neither keeps anything: what is said while nobody listens is gone,
so a message is a hint, and the truth is in the store or with whoever answers.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

MAX_DATA: Final = 8 * 1024 * 1024
"""Bytes of one message before it is packed; what a node takes from another."""
_SUBJECT: Final = re.compile(r"[A-Za-z0-9_-]{1,128}(?:\.[A-Za-z0-9_-]{1,128}){0,15}")
_PATTERN: Final = re.compile(_SUBJECT.pattern + r"(?:\.[*>])?")


@dataclass(frozen=True, slots=True)
class Message:
    """What came over the bus; ``asks`` when an answer is waited for."""

    subject: str
    data: bytes
    asks: bool


Handler = Callable[[Message], Awaitable[bytes | None]]
"""Called for each message. For a question, what it returns is the answer and a Problem it raises reaches the asker;
questions are handled side by side. Other messages of one subscription are handled one by one, in their order."""


class Subscription(Protocol):
    """Listening; ends with :meth:`close`."""

    async def close(self) -> None:
        """Listen no more. Never fails; a second call does nothing."""
        ...


class Bus(Protocol):
    """Subjects are words of ``A-Za-z0-9_-`` with dots between; a subscription's may end in ``.*`` (one word more) or
    ``.>`` (one or more)."""

    @property
    def up(self) -> bool:
        """Whether the other nodes can be reached now."""
        ...

    async def request(self, subject: str, data: bytes, *, within: float) -> bytes:
        """Ask, and wait for the first answer, at most ``within`` seconds.

        Raises the Problem that the answering side raised, or: DEVICE_OFFLINE when nobody listens, TIMEOUT, TOO_LARGE,
        UNAVAILABLE while the bus is away. ``details["sent"]`` says whether somebody may have been asked.
        """
        ...

    async def publish(self, subject: str, data: bytes) -> None:
        """Tell everybody who listens. Raises Problem: UNAVAILABLE while the bus is away, TOO_LARGE."""
        ...

    async def subscribe(self, subject: str, handler: Handler, queue: str = "") -> Subscription:
        """Listen; of those that name the same ``queue``, one gets each message. Works while the bus is away, too."""
        ...

    def on_change(self, listener: Callable[[bool], None]) -> None:
        """Call ``listener(False)`` when the bus is lost, ``listener(True)`` when it is there (again)."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...


def check_subject(subject: str) -> str:
    """The subject, if it is one to send to. Raises ValueError: names of others reach subjects only when validated."""
    if not _SUBJECT.fullmatch(subject):
        raise ValueError("a subject is words of letters, digits, - and _ with dots between")
    return subject


def check_pattern(subject: str) -> str:
    """The subject, if it is one to listen to. Raises ValueError."""
    if not _PATTERN.fullmatch(subject):
        raise ValueError("listen to words of letters, digits, - and _ with dots between, and * or > at the end")
    return subject
