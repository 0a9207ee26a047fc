"""The sentences of a hub's end: why a request has no answer, and what a device did wrong."""

from __future__ import annotations

from protocol.problems import Problem, ProblemCode


def cut_off() -> Problem:
    """The connection was lost before the answer: the device may have done it, or not."""
    message = "The connection to the device was lost before it answered. Look whether it was done when it is back."
    return Problem(ProblemCode.UNAVAILABLE, message)


def gone() -> Problem:
    """There is no connection: the device was not told."""
    return Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.")


def late() -> Problem:
    """The time for an answer is over."""
    return Problem(ProblemCode.TIMEOUT, "The device did not answer in time. Look whether it is well, then try again.")


def busy() -> Problem:
    """No further command may wait."""
    return Problem(ProblemCode.TOO_MANY, "Too many commands wait for this device. Try again when it has answered.")


def taken() -> Problem:
    """The request id is in use."""
    return Problem(ProblemCode.CONFLICT, "This request id is waiting for its answer. Use a new one.")


def too_early() -> Problem:
    """Something came before the hello."""
    return Problem(ProblemCode.MALFORMED_MESSAGE, "The first message was not gateway.hello. Send the hello first.")


def other_gateway() -> Problem:
    """The hello does not fit the connection."""
    message = "The hello names another gateway than the connection did. Use one id for both."
    return Problem(ProblemCode.FORBIDDEN, message)


def unasked() -> Problem:
    """An ack for nothing."""
    return Problem(ProblemCode.NOT_FOUND, "An ack names no request that waits. Answer each request once, in time.")


def input_from_device() -> Problem:
    """A frame that goes the wrong way."""
    message = "The device sent terminal input. Send output (0x01) or stream (0x03) frames only."
    return Problem(ProblemCode.MALFORMED_FRAME, message)


def doubled() -> Problem:
    """A number that was there before."""
    message = "A frame of terminal output came twice or too late. Number the frames upwards, one by one."
    return Problem(ProblemCode.OUT_OF_ORDER, message)
