"""What the server answers, said once for all APIs.

An :class:`Answer` is a list of steps played in order. A :class:`Script` chooses the answer to a request; :class:`Turns`
chooses by what the person said and by how many rounds of tools have come since, so that it needs no memory of its own:
several conversations at once, repeated and lost requests all get what belongs to them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.doubles.model_server.request import ModelRequest


@dataclass(frozen=True, slots=True)
class Say:
    """Text, in these pieces; ``gap`` seconds lie before each."""

    deltas: Sequence[str]
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Think:
    """Reasoning, in these pieces; ``gap`` seconds lie before each."""

    deltas: Sequence[str]
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the tool of this name. ``text`` takes the place of the arguments for a tool that takes plain text."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class RunShell:
    """A call of whatever tool the client offers to run a shell command."""

    command: str


@dataclass(frozen=True, slots=True)
class WriteFile:
    """A call of whatever tool the client offers to write a file. ``path`` is absolute."""

    path: str
    content: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing until the test releases the gate of this name."""

    gate: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """An HTTP error in place of an answer; only as the first step. ``retry_after`` in seconds."""

    status: int
    message: str = "This was asked for by the script."
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """An error in the API's own words in the middle of the stream, which ends with it."""

    message: str = "Overloaded"


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is reset, wherever the stream is."""


Step = Say | Think | Call | RunShell | WriteFile | Pause | Hold | Refuse | Break | Cut


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens; those that are None are estimated from the lengths of the texts."""

    input: int | None = None
    output: int | None = None
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the model, or what happens in its place."""

    steps: Sequence[Step]
    usage: Usage = field(default_factory=Usage)


class Script(Protocol):
    """Chooses answers."""

    def answer(self, request: ModelRequest) -> Answer:
        """The answer to a turn's request."""

    def aside(self, request: ModelRequest) -> str:
        """The text that answers a question of the program's own, such as one for a title."""


def words(text: str) -> tuple[str, ...]:
    """A text in pieces of one word each, blanks kept."""
    return tuple(re.findall(r"\s*\S+\s*$|\s*\S+", text))


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows a person's message with ``marker`` in it: an answer for each round of tools, the last one repeats.

    An answer may be a list in place of one: the first attempt gets the first, the next attempt the second, and so on;
    the last one repeats.
    """

    marker: str
    rounds: Sequence[Answer | Sequence[Answer]]


class Turns:
    """A script of turns. A message without a known marker is answered with ``otherwise``."""

    def __init__(self, *turns: Turn, title: str = "A title from the model", otherwise: str = "I see.") -> None:
        self.title = title
        self._turns = list(turns)
        self._otherwise = Answer((Say(words(otherwise)),))
        self._attempts: Counter[tuple[str, int]] = Counter()

    def add(self, *turns: Turn) -> None:
        """Put turns before the ones there are."""
        self._turns[:0] = turns

    def answer(self, request: ModelRequest) -> Answer:
        """The answer of the turn whose marker was said last."""
        for place in range(len(request.history) - 1, -1, -1):
            seen = request.history[place]
            if seen.role != "user":
                continue
            # A message may tell again what was said before; what it asks for stands last in it.
            turn = max(self._turns, key=lambda turn: seen.text.rfind(turn.marker), default=None)
            if turn is not None and turn.marker in seen.text:
                return self._of(turn, request.rounds_after(place))
        return self._otherwise

    def aside(self, request: ModelRequest) -> str:
        """The title."""
        return self.title

    def _of(self, turn: Turn, done: int) -> Answer:
        number = min(done, len(turn.rounds) - 1)
        chosen = turn.rounds[number]
        if isinstance(chosen, Answer):
            return chosen
        attempt = self._attempts[turn.marker, number]
        self._attempts[turn.marker, number] += 1
        return chosen[min(attempt, len(chosen) - 1)]
