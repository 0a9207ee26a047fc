"""``hutch update …``: updates from the command line."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, JsonValue

from appliance.cli.console import ask, put_bytes
from appliance.config import Settings
from gateway.updates.types import BUSY, UpdatePhase
from gateway.updates.uploads import PIECE
from protocol.problems import Problem, ProblemCode

_PACE: Final = 0.5


class _State(BaseModel):
    phase: UpdatePhase
    version: str | None
    percent: int
    detail: str
    problem: str


class _Slot(BaseModel):
    name: str
    version: str | None
    running: bool
    next: bool
    good: bool


class _Rollback(BaseModel):
    version: str
    reason: str
    at: datetime


class _Release(BaseModel):
    version: str


class UpdatesAnswer(BaseModel):
    """Updates as the daemon tells of them."""

    running: str
    state: _State
    slots: list[_Slot]
    unavailable: str
    offered: _Release | None
    rollback: _Rollback | None


class _Uploaded(BaseModel):
    received: int


def status(options: argparse.Namespace, settings: Settings) -> int:
    """Print how updates stand; 1 when the last one failed."""
    answer = _ask(settings, "GET", "")
    if options.json:
        print(answer.model_dump_json(indent=2))
    else:
        _print(answer)
    return 1 if answer.state.phase is UpdatePhase.FAILED else 0


def check(_options: argparse.Namespace, settings: Settings) -> int:
    """Ask the channel."""
    answer = _ask(settings, "POST", "/check")
    offered = answer.offered
    print(f"Version {offered.version} is on offer." if offered else f"{answer.running} is up to date.")
    return 0


def install(options: argparse.Namespace, settings: Settings) -> int:
    """Install, and print how it goes until it is in place; 1 when it is not."""
    order: dict[str, JsonValue] = {"downgrade": options.downgrade}
    if options.what is None:
        pass
    elif options.what.startswith(("http://", "https://")):
        order["url"] = options.what
        if options.sha256:
            order["sha256"] = options.sha256
    else:
        _upload(settings, Path(options.what))
        order["file"] = "upload"
    _ask(settings, "POST", "/install", order)
    return _follow(settings)


def restart(_options: argparse.Namespace, settings: Settings) -> int:
    """Restart into what was installed."""
    answer = _ask(settings, "POST", "/restart")
    print(f"The device restarts into {answer.state.version}.")
    return 0


def update_lines(updates: UpdatesAnswer) -> list[str]:
    """What is worth saying beside the version that runs."""
    state, lines = updates.state, []
    if state.phase is UpdatePhase.INSTALLED:
        lines.append(f"version {state.version} is installed and runs after a restart: hutch update restart")
    elif state.phase is UpdatePhase.TRYING:
        lines.append(f"version {state.version} is being tried: its boot checks are not through yet")
    elif state.phase is UpdatePhase.FAILED:
        lines.append(f"the last update failed: {state.problem}")
    elif state.phase in BUSY:
        lines.append(f"update {state.phase.value} {state.percent} % {state.detail}".rstrip())
    if updates.rollback is not None:
        back = updates.rollback
        lines.append(
            f"the update to {back.version} was taken back on {back.at:%Y-%m-%d %H:%M} UTC, {updates.running} runs"
        )
        lines.append(f"  {back.reason}")
    return lines


def _print(updates: UpdatesAnswer) -> None:
    print(f"Hutch {updates.running} runs")
    for slot in updates.slots:
        marks = [word for word, on in (("runs", slot.running), ("next", slot.next), ("good", slot.good)) if on]
        print(f"  {slot.name}: {slot.version or 'version not known'}{f' ({chr(44).join(marks)})' if marks else ''}")
    if updates.unavailable:
        print(f"  {updates.unavailable}")
    elif not updates.slots and updates.state.detail:
        print(f"  {updates.state.detail}")
    if updates.offered is not None:
        print(f"version {updates.offered.version} is on offer: hutch update install")
    for line in update_lines(updates):
        print(line)


def _follow(settings: Settings) -> int:
    said = ""
    while True:
        answer = _ask(settings, "GET", "")
        state = answer.state
        line = f"{state.phase.value} {state.percent} % {state.detail}".rstrip()
        if state.phase in BUSY and line != said and sys.stdout.isatty():
            print(line)
        said = line
        if state.phase is UpdatePhase.INSTALLED and not state.problem:
            print(f"Version {state.version} is in place. Start it with: hutch update restart")
            return 0
        if state.phase not in BUSY:
            raise Problem(ProblemCode.INSTALL_FAILED, state.problem or "The update came to nothing. See the log.")
        time.sleep(_PACE)


def _upload(settings: Settings, path: Path) -> None:
    try:
        size = path.stat().st_size
        for offset, piece in _pieces(path):
            put_bytes(settings, f"/api/updates/bundle?offset={offset}&size={size}", piece, _Uploaded)
    except OSError as error:
        raise Problem(ProblemCode.NOT_FOUND, f"{path} cannot be read: {error.strerror}. Check the path.") from None


def _pieces(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield file.seek(0, os.SEEK_CUR) - len(piece), piece


def _ask(settings: Settings, method: str, path: str, body: Mapping[str, JsonValue] | None = None) -> UpdatesAnswer:
    return ask(settings, method, f"/api/updates{path}", UpdatesAnswer, body)
