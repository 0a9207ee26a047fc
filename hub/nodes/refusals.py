"""What the nodes refuse, and what to do about it."""

from __future__ import annotations

from protocol.problems import Problem, ProblemCode


def nobody() -> Problem:
    """No node holds the device's socket."""
    return Problem(
        ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.", {"sent": False}
    )


def late() -> Problem:
    """The other node did not answer."""
    return Problem(
        ProblemCode.TIMEOUT,
        "The device's node did not answer in time. Look whether it runs, then try again.",
        {"sent": True},
    )


def away(*, sent: bool = False) -> Problem:
    """The bus is away."""
    return Problem(
        ProblemCode.UNAVAILABLE,
        "The device is on another node of the hub, and NATS between the nodes does not answer. Start NATS; "
        "the nodes find it by themselves.",
        {"sent": sent},
    )


def gone() -> Problem:
    """The other end of a relay is gone."""
    return Problem(
        ProblemCode.UNAVAILABLE, "The connection between two nodes of the hub broke off. Open it again.", {"sent": True}
    )
