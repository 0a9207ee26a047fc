"""From conversations and messages to what the OpenCode API calls them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gateway.conversations import types
from protocol.problems import ProblemCode
from webui.dialects.opencode import shapes
from webui.dialects.opencode.names import milliseconds, session_name
from webui.dialects.opencode.parts import part_of

PROJECT: Final = "global"
"""The one project there is: the workspace."""
DEFAULT_MODEL: Final = "default"
"""The model's name where the CLI chooses it."""
_NO_TOKENS: Final = shapes.Tokens(input=0, output=0, reasoning=0, cache=shapes.Cache(read=0, write=0))


def session_of(conversation: types.Conversation, version: str) -> shapes.Session:
    """A conversation."""
    time = shapes.Times(created=milliseconds(conversation.created_at), updated=milliseconds(conversation.updated_at))
    if conversation.archived:
        time["archived"] = milliseconds(conversation.updated_at)
    session = shapes.Session(
        id=session_name(conversation.id),
        slug=conversation.id.removeprefix("con_"),
        projectID=PROJECT,
        directory=str(conversation.folder),
        title=conversation.title or "New session",
        version=version,
        time=time,
        agent=conversation.cli,
    )
    if conversation.parent_id is not None:
        session["parentID"] = session_name(conversation.parent_id)
    return session


def status_of(status: types.ConversationStatus) -> shapes.Status:
    """Busy while the agent works or waits for an answer."""
    busy = status in (types.ConversationStatus.WORKING, types.ConversationStatus.WAITING)
    return shapes.Status(type="busy" if busy else "idle")


class Thread:
    """Translates the messages of one conversation, whose turns say what they took and why they failed."""

    def __init__(self, conversation: types.Conversation, turns: Iterable[types.Turn]) -> None:
        self._conversation = conversation
        self._turns = {turn.id: turn for turn in turns}
        self._asked: dict[str, str] = {}
        """The person's message of each turn, by the turn."""

    def all(self, messages: Sequence[types.Message]) -> list[shapes.MessageWithParts]:
        """Messages, oldest first."""
        return [self.message(message) for message in messages]

    def message(self, message: types.Message) -> shapes.MessageWithParts:
        """One message; those before it in its turn come first."""
        parts = [part_of(part, message) for part in message.parts]
        return shapes.MessageWithParts(info=self.info(message), parts=[part for part in parts if part is not None])

    def info(self, message: types.Message) -> shapes.MessageInfo:
        """A message without its parts."""
        if message.role == "user":
            self._asked[message.turn_id] = message.id
            return self._of_person(message)
        return self._of_agent(message)

    def _of_person(self, message: types.Message) -> shapes.MessageInfo:
        return shapes.MessageInfo(
            id=message.id,
            sessionID=session_name(message.conversation_id),
            role="user",
            time=shapes.Times(created=milliseconds(message.created_at)),
            agent=self._conversation.cli,
            model=shapes.ModelName(providerID=self._conversation.cli, modelID=self._model(None)),
        )

    def _of_agent(self, message: types.Message) -> shapes.MessageInfo:
        turn = self._turns.get(message.turn_id)
        time = shapes.Times(created=milliseconds(message.created_at))
        if message.completed_at is not None:
            time["completed"] = milliseconds(message.completed_at)
        folder = str(self._conversation.folder)
        info = shapes.MessageInfo(
            id=message.id,
            sessionID=session_name(message.conversation_id),
            role="assistant",
            time=time,
            agent=self._conversation.cli,
            parentID=self._asked.get(message.turn_id, ""),
            modelID=self._model(turn.usage if turn else None),
            providerID=self._conversation.cli,
            mode=self._conversation.cli,
            path=shapes.Paths(cwd=folder, root=folder),
            cost=_cost(turn),
            tokens=_tokens(turn),
        )
        failure = failure_of(turn)
        if failure is not None:
            info["error"] = failure
        elif message.completed_at is not None:
            info["finish"] = "stop"
        return info

    def _model(self, usage: types.Usage | None) -> str:
        return (usage.model if usage else None) or self._conversation.model or DEFAULT_MODEL


def failure_of(turn: types.Turn | None) -> shapes.Failure | None:
    """Why a turn did not end well, by the SDK's names; None where it did or still runs."""
    if turn is None:
        return None
    if turn.state is types.TurnState.CANCELLED:
        return shapes.Failure(name="MessageAbortedError", data=shapes.ErrorData(message="The turn was stopped."))
    return None if turn.problem is None else failure_for(turn.problem)


def failure_for(problem: types.TurnProblem) -> shapes.Failure:
    """A turn's problem."""
    data = shapes.ErrorData(message=problem.message, isRetryable=problem.retryable)
    if problem.code is ProblemCode.NOT_LOGGED_IN:
        return shapes.Failure(name="ProviderAuthError", data=data)
    if problem.code in (ProblemCode.RATE_LIMITED, ProblemCode.TIMEOUT, ProblemCode.UNAVAILABLE):
        return shapes.Failure(name="APIError", data=data)
    return shapes.Failure(name="UnknownError", data=data)


def _cost(turn: types.Turn | None) -> float:
    return (turn.usage.cost_usd or 0.0) if turn and turn.usage else 0.0


def _tokens(turn: types.Turn | None) -> shapes.Tokens:
    usage = turn.usage if turn else None
    if usage is None:
        return _NO_TOKENS
    return shapes.Tokens(
        input=usage.input_tokens or 0,
        output=usage.output_tokens or 0,
        reasoning=usage.reasoning_tokens or 0,
        cache=shapes.Cache(read=usage.cached_tokens or 0, write=0),
    )
