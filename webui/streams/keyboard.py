"""One viewer's claim on the keyboard of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.problems import Problem, ProblemCode
from protocol.terminal import TerminalControl

if TYPE_CHECKING:
    from gateway.sessions.control import Control


class Keyboard:
    """What one viewer may do with the keyboard that all viewers of a session share."""

    def __init__(self, control: Control, viewer_id: str, name: str, *, writes: bool) -> None:
        self._control = control
        self._viewer_id = viewer_id
        self._name = name
        self._writes = writes

    def check_may_type(self) -> None:
        """Take the keyboard when it is free. Raises FORBIDDEN or NOT_IN_CONTROL."""
        self._check_role()
        if not self._control.may_write(self._viewer_id, self._name):
            raise self._held()

    def check_may_resize(self) -> None:
        """Leave the keyboard where it is: a phone that only looks on resizes, too. Raises as :meth:`check_may_type`."""
        self._check_role()
        if self._control.holder is not None and self._control.holder_id != self._viewer_id:
            raise self._held()

    def take(self) -> None:
        """Take the keyboard, whoever holds it. Raises FORBIDDEN."""
        self._check_role()
        self._control.take(self._viewer_id, self._name)

    def release(self) -> None:
        """Let go of the keyboard."""
        self._control.release(self._viewer_id)

    def message(self) -> TerminalControl:
        """How things stand for this viewer."""
        return TerminalControl(
            holder=self._control.holder, yours=self._control.holder_id == self._viewer_id, may_write=self._writes
        )

    def _check_role(self) -> None:
        if not self._writes:
            raise Problem(ProblemCode.FORBIDDEN, "Your role lets you look, not type. Ask an admin for more.")

    def _held(self) -> Problem:
        return Problem(
            ProblemCode.NOT_IN_CONTROL,
            f"{self._control.holder} is typing. Take control first, or wait.",
            {"holder": self._control.holder},
        )
