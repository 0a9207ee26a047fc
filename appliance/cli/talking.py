"""``hutch send``: a message to an agent, from the command line."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import quote

from pydantic import BaseModel

from appliance.cli.console import ask
from appliance.config import Settings
from protocol.problems import Problem, ProblemCode

DEFAULT = "desktop"


class _Conversation(BaseModel):
    id: str
    title: str


class _Conversations(BaseModel):
    conversations: list[_Conversation]
    next: str | None = None


class _Trouble(BaseModel):
    message: str


class _Turn(BaseModel):
    id: str
    state: str
    problem: _Trouble | None = None


class _TurnAnswer(BaseModel):
    turn: _Turn


class _Part(BaseModel):
    kind: str
    text: str = ""


class _Message(BaseModel):
    role: str
    turn_id: str
    parts: list[_Part]


class _Messages(BaseModel):
    messages: list[_Message]


def send(options: argparse.Namespace, settings: Settings) -> int:
    """Send a message and print what the agent said; 1 when its turn did not end well."""
    text = sys.stdin.read() if options.text == "-" else options.text
    path = f"/api/conversations/{_find(settings, options.to).id}/messages"
    if options.no_wait:
        ask(settings, "POST", path, _TurnAnswer, {"text": text})
        return 0
    turn = ask(settings, "POST", f"{path}?wait=true", _TurnAnswer, {"text": text}, seconds=None).turn
    for message in ask(settings, "GET", path, _Messages).messages:
        if message.role == "agent" and message.turn_id == turn.id:
            print("".join(part.text for part in message.parts if part.kind == "text"))
    if turn.state != "done":
        print(turn.problem.message if turn.problem else f"The turn was {turn.state}.", file=sys.stderr)
        return 1
    return 0


def _find(settings: Settings, wanted: str) -> _Conversation:
    place = ""
    while True:
        page = ask(settings, "GET", f"/api/conversations?q={quote(wanted)}{place}", _Conversations)
        for one in page.conversations:
            if wanted in (one.id, one.title):
                return one
        if page.next is None:
            break
        place = f"&before={quote(page.next)}"
    if wanted.startswith("con_"):
        return ask(settings, "GET", f"/api/conversations/{quote(wanted, safe='')}", _Conversation)
    raise Problem(ProblemCode.NOT_FOUND, f"There is no conversation “{wanted}”. Begin it on the page first.")
