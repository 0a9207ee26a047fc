"""Which commands may wait for a device, and which may be told twice when it is not known whether the first arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from protocol.commands import AnyCommand
from protocol.problems import Problem, ProblemCode


class Repeat(Enum):
    """What a second telling does."""

    SAFE = "safe"
    """Nothing that the first did not do."""
    NAMED = "named"
    """The command carries the id of what it makes; the device refuses to make it again."""
    ONCE = "once"
    """It would happen twice: never told again."""
    NEVER_WAITS = "never waits"
    """Part of something that lives only as long as the connection."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``within``: seconds that the device may take for it."""

    repeat: Repeat
    within: float = 30.0


RULES: Final[Mapping[str, Rule]] = {
    "session.create": Rule(Repeat.NAMED, 60.0),
    "session.input": Rule(Repeat.ONCE),
    "session.resize": Rule(Repeat.SAFE),
    "session.end": Rule(Repeat.SAFE, 60.0),
    "session.ack": Rule(Repeat.NEVER_WAITS),
    "session.snapshot": Rule(Repeat.SAFE),
    "ssh.authorize": Rule(Repeat.SAFE),
    "ssh.revoke": Rule(Repeat.SAFE),
    "ssh.list": Rule(Repeat.SAFE),
    "file.upload.begin": Rule(Repeat.NEVER_WAITS),
    "file.upload.chunk": Rule(Repeat.NEVER_WAITS),
    "file.upload.end": Rule(Repeat.NEVER_WAITS),
    "file.download": Rule(Repeat.NEVER_WAITS),
    "file.cancel": Rule(Repeat.NEVER_WAITS),
    "agents.install": Rule(Repeat.SAFE, 900.0),
    "agents.list": Rule(Repeat.SAFE),
    "workspace.list": Rule(Repeat.SAFE),
    # A bad update takes itself back; told again it would be taken again.
    "gateway.update": Rule(Repeat.ONCE, 1800.0),
    # Twice would be two new keys, and the second answer may not reach us either.
    "key.rotate": Rule(Repeat.ONCE),
}


def rule_of(command: AnyCommand) -> Rule:
    """The command's rule. Raises Problem(INVALID_REQUEST) for one that cannot wait."""
    rule = RULES[command.type]
    if rule.repeat is Repeat.NEVER_WAITS:
        message = f"{command.type} cannot wait for a device: it belongs to a live connection. Send it without queueing."
        raise Problem(ProblemCode.INVALID_REQUEST, message)
    return rule
