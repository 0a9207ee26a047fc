"""A script for people: what is said to the model says what it does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from tests.doubles.model_server.request import ModelRequest
from tests.doubles.model_server.script import (
    Answer,
    Break,
    Cut,
    Pause,
    Refuse,
    RunShell,
    Say,
    Step,
    Think,
    WriteFile,
    words,
)

GAP = 0.03
"""Seconds between two words, about as a provider writes."""
HELP = """\
I am a scripted model and do what a line of your message says:

- `run COMMAND` calls the shell tool
- `write PATH TEXT` calls the tool that writes files; the path is absolute
- `think TEXT` reasons before it answers
- `long NUMBER` writes so many words
- `wait SECONDS` says nothing for a while
- `fail STATUS` answers the next request with an HTTP error, 429 and 500 for instance
- `break` ends the stream with an error, `cut` resets the connection

Anything else is repeated.
"""
MOST_WORDS = 20_000
LONGEST_WAIT = 600.0


def _run(rest: str) -> list[Step]:
    return [RunShell(rest or "date")]


def _write(rest: str) -> list[Step]:
    path, _, text = rest.partition(" ")
    return [WriteFile(path, f"{text}\n")]


def _think(rest: str) -> list[Step]:
    return [Think(words(rest or "Let me see."), gap=GAP)]


def _long(rest: str) -> list[Step]:
    number = min(int(rest), MOST_WORDS) if rest.isdecimal() else 200
    return [Say([f"word{at} " for at in range(1, number + 1)], gap=GAP)]


def _wait(rest: str) -> list[Step]:
    return [Pause(min(float(rest), LONGEST_WAIT) if re.fullmatch(r"\d+(\.\d+)?", rest) else 5.0)]


COMMANDS: dict[str, Callable[[str], list[Step]]] = {
    "run": _run,
    "write": _write,
    "think": _think,
    "long": _long,
    "wait": _wait,
    "break": lambda rest: [Break()],
    "cut": lambda rest: [Cut()],
    "help": lambda rest: [Say(words(HELP))],
}
CALLS = (RunShell, WriteFile)


class Demo:
    """Implements :class:`tests.doubles.model_server.script.Script`."""

    def __init__(self) -> None:
        self._failed: Counter[str] = Counter()

    def answer(self, request: ModelRequest) -> Answer:
        """What the last message asks for; after a tool has answered, what it said."""
        place = max((at for at, seen in enumerate(request.history) if seen.role == "user"), default=-1)
        if request.rounds_after(place):
            result = next(seen.text for seen in reversed(request.history) if seen.role == "tool")
            return Answer((Say(words(f"The tool says:\n\n```\n{result.strip()}\n```\n"), gap=GAP),))
        status = re.search(r"^fail (\d{3})$", request.prompt, re.MULTILINE)
        if status and self._fails_now(request.prompt):
            return Answer((Refuse(int(status[1]), retry_after=2 if status[1] == "429" else None),))
        return Answer(_in_order(request.prompt))

    def aside(self, request: ModelRequest) -> str:
        """The beginning of what was said."""
        return " ".join(request.prompt.split()[:6]) or "A conversation"

    def _fails_now(self, prompt: str) -> bool:
        self._failed[prompt] += 1
        return self._failed[prompt] == 1


def _in_order(prompt: str) -> list[Step]:
    steps: list[Step] = []
    for line in prompt.splitlines():
        name, _, rest = line.strip().partition(" ")
        make = COMMANDS.get(name)
        steps += make(rest.strip()) if make else []
    if not any(isinstance(step, (Say, Cut, Break, *CALLS)) for step in steps):
        steps.append(Say(words(f"You said: {prompt.strip()[-2000:]}"), gap=GAP))
    # A model calls its tools at the end of an answer.
    return sorted(steps, key=lambda step: isinstance(step, CALLS))
