"""Whether the running device can start a session."""

from __future__ import annotations

import secrets

from pydantic import BaseModel, JsonValue

from appliance.checks.types import Finding, Verdict
from appliance.cli.answers import Nothing
from appliance.cli.console import ask
from appliance.config import Settings
from appliance.layout import Layout
from protocol.problems import Problem, ProblemCode


class _Session(BaseModel):
    id: str
    status: str


class _Snapshot(BaseModel):
    cols: int
    rows: int


def check(settings: Settings, _layout: Layout) -> Finding:
    """A session starts, has a screen, ends, and leaves nothing in the list."""
    body: dict[str, JsonValue] = {"name": f"boot check {secrets.token_hex(4)}", "agent": "none", "returns": False}
    try:
        session = ask(settings, "POST", "/api/sessions", _Session, body)
    except Problem as problem:
        if problem.code is ProblemCode.TOO_MANY:
            return Finding(Verdict.OK, "as many run as may")
        return Finding(Verdict.FAIL, f"A session could not be started: {problem.message}")
    address = f"/api/sessions/{session.id}"
    try:
        ask(settings, "GET", f"{address}/snapshot", _Snapshot)
    except Problem as problem:
        return Finding(Verdict.FAIL, f"A session was started and has no screen: {problem.message}")
    finally:
        _remove(settings, address)
    return Finding(Verdict.OK, "a session starts and ends")


def _remove(settings: Settings, address: str) -> None:
    try:
        ask(settings, "DELETE", address, Nothing)
        ask(settings, "DELETE", f"{address}?forget=true", Nothing)
    except Problem:
        return  # what matters was seen; it ends with its shell
