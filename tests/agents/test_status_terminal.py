"""The status of a session with a real CLI in it, and that its first start asks nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.sessions.types import SessionStatus
from tests.agents.places import CLIS, KEY, Place
from tests.agents.terminals import PROMPTS, Terminal, terminal
from tests.doubles.model_server import Answer, Hold, RunShell, Say, Turn, WriteFile, words

every_cli = pytest.mark.parametrize("cli", CLIS)
S = SessionStatus
ASKS = {
    "claude-code": "Esc to cancel",
    "codex": "Yes, proceed",
    "gemini": "Allow once",
    "opencode": "Allow once",
}
"""What stands in each one's question."""
# Keys that every one of the four takes for "stop what you do"; opencode asks for it twice.
INTERRUPTS = {"opencode": ("\x1b", "\x1b")}


def own_settings(cli: str, home: Path) -> Path | None:
    """Settings as a person would have written them, so that each of the CLIs asks before it acts."""
    if cli != "codex":
        return None
    file = home / ".codex" / "config.toml"
    file.parent.mkdir()
    file.write_text('# mine\nsandbox_mode = "read-only"\n')
    return file


def acting(cli: str, file: Path) -> Turn:
    """A turn that makes a file and then waits for the test before it ends."""
    # Codex runs a command in its sandbox without asking; it asks before it writes.
    act = WriteFile(str(file), "made\n") if cli == "codex" else RunShell(f"touch {file}")
    return Turn(
        "ALPHA",
        (
            Answer((Say(words("I do it. ")), act)),
            Answer((Say(words("Nearly there")), Hold("end"), Say((" and done.",)))),
        ),
    )


@every_cli
async def test_the_first_start_asks_nothing(cli: str, place: Place) -> None:
    async with terminal(place, cli) as at:
        screen = await at.shows(PROMPTS[cli])
        await at.becomes(S.IDLE)
        screen += await at.screen()
    for asked in ("trust", "Trust", "review", "Do you want", "Select", "theme", "Sign in", "Log in", "onboarding"):
        assert asked not in screen


@every_cli
async def test_it_works_waits_and_rests(cli: str, place: Place) -> None:
    settings = own_settings(cli, place.home)
    before = settings.read_text() if settings else ""
    file = place.folder / "made.txt"
    place.script.add(acting(cli, file))
    async with terminal(place, cli) as at:
        await at.shows(PROMPTS[cli])
        await at.becomes(S.IDLE)
        await at.say("please do ALPHA")
        asked = await at.becomes(S.WAITING)
        assert asked.waiting_for is not None
        assert file.name in asked.waiting_for
        assert not file.exists()
        await _approve(cli, at)
        await place.server.journal.held("end")
        assert (await at.becomes(S.WORKING)).waiting_for is None
        place.server.journal.release("end")
        await at.becomes(S.IDLE)
        await at.shows("and done.")
        statuses = at.statuses
    assert file.exists()
    assert statuses[-4:] == [S.WORKING, S.WAITING, S.WORKING, S.IDLE]
    assert settings is None or settings.read_text().startswith(before)


async def _approve(cli: str, at: Terminal) -> None:
    """Choose the first answer, which is to allow it once."""
    await at.shows(ASKS[cli])
    await at.enter()


@every_cli
async def test_it_rests_when_it_is_interrupted(cli: str, place: Place) -> None:
    place.script.add(Turn("BRAVO", (Answer((Say(words("I think about it")), Hold("never"))),)))
    async with terminal(place, cli) as at:
        await at.shows(PROMPTS[cli])
        await at.becomes(S.IDLE)
        await at.say("please do BRAVO")
        await place.server.journal.held("never")
        await at.becomes(S.WORKING)
        for key in INTERRUPTS.get(cli, ("\x1b",)):
            await at.press(key)
        await at.becomes(S.IDLE)


@every_cli
async def test_a_person_s_own_settings_and_hooks_are_left(cli: str, place: Place) -> None:
    files = {
        place.home / ".claude.json": {"theme": "light", "projects": {"/other": {"hasTrustDialogAccepted": False}}},
        place.home / ".gemini" / "settings.json": {"general": {"enableAutoUpdate": True}, "ui": {"theme": "GitHub"}},
        place.home / ".config" / "opencode" / "opencode.json": {"permission": {"bash": "deny"}},
    }
    for file, content in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content))
    async with terminal(place, cli) as at:
        await at.shows(PROMPTS[cli])
    for file, content in files.items():
        _holds(json.loads(file.read_text()), content)
        assert KEY not in file.read_text()


def _holds(found: object, wanted: object) -> None:
    """What was there is there; the program and we may have added to it."""
    if isinstance(wanted, dict):
        assert isinstance(found, dict)
        for name, value in wanted.items():
            _holds(found[name], value)
    else:
        assert found == wanted
