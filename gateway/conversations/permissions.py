"""The permission requests that are open, of all conversations."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.conversations.types import PermissionRequest, Reply
from protocol.problems import Problem, ProblemCode

MAX_CLOSED: Final = 500
"""Requests whose answers are remembered, so that a second answer learns that it came late."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person chose."""

    reply: Reply
    by: str


Told = Callable[[PermissionRequest, Answer | None], None]
"""Hears the answer to a request; None when its turn ended first."""


@dataclass(slots=True)
class _Open:
    request: PermissionRequest
    answer: asyncio.Future[Answer | None]
    told: Told


class Permissions:
    """Asks, and takes the first answer."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()

    def open(self, request: PermissionRequest, told: Told) -> asyncio.Future[Answer | None]:
        """Begin to ask; the answer, or None when the turn ends first. ``told`` hears the same, at once."""
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._open[request.id] = _Open(request, answer, told)
        return answer

    def close(self, permission_id: str) -> None:
        """It is answered, or needs no answer any more."""
        found = self._open.pop(permission_id, None)
        if found is None:
            return
        self._closed[permission_id] = None
        if len(self._closed) > MAX_CLOSED:
            self._closed.popitem(last=False)
        if not found.answer.done():
            found.answer.set_result(None)
        elif not found.answer.cancelled():
            return
        found.told(found.request, None)

    def close_turn(self, turn_id: str) -> None:
        """The turn ends: nothing of it needs an answer."""
        for permission_id in [key for key, one in self._open.items() if one.request.turn_id == turn_id]:
            self.close(permission_id)

    def of(self, conversation_id: str | None) -> Sequence[PermissionRequest]:
        """The open ones, oldest first."""
        return [
            one.request
            for one in self._open.values()
            if not one.answer.done() and conversation_id in {None, one.request.conversation_id}
        ]

    def answer(self, permission_id: str, answer: Answer) -> PermissionRequest:
        """Take an answer. Raises CONFLICT when somebody else has answered, NOT_FOUND for what was never asked."""
        found = self._open.get(permission_id)
        if permission_id in self._closed or (found is not None and found.answer.done()):
            raise Problem(ProblemCode.CONFLICT, "This was answered already, or its turn is over. Look at the answer.")
        if found is None:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such request. Look at the conversation again.")
        found.answer.set_result(answer)
        found.told(found.request, answer)
        return found.request
