"""``hutch backup``, ``restore``, ``reset`` and ``support``: looking after the whole device."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from appliance.config import DEFAULT_FILE, Settings
from appliance.layout import Layout
from appliance.lock import hold
from foundation.files import problems_of
from protocol.problems import Problem, ProblemCode

_STDIO = "-"
_LONGEST = 1024


def backup(options: argparse.Namespace, settings: Settings) -> int:
    """Write one encrypted file."""
    # Loaded here and below: the other commands do without cryptography.
    from appliance.care.backup import write_backup
    from appliance.care.contents import workspaces

    layout = Layout.of(settings)
    passphrase = _passphrase(options.passphrase_stdin, new=True)
    chosen = workspaces(layout) if options.workspaces == "all" else _names(options.workspaces)
    with _target(options.file) as target:
        file = options.config or DEFAULT_FILE
        written = write_backup(target, layout, passphrase, settings_file=file, chosen=chosen, told=_progress("saved"))
    made = written.manifest
    _say(f"Saved {made.files} files and folders, {made.size // 1024**2} MiB, of {made.name}.")
    if written.unread:
        _say(f"{written.unread} files or folders are not in it: agents made them private.")
    _say("Without its passphrase nobody can read it, you neither.")
    return 0


def restore(options: argparse.Namespace, settings: Settings) -> int:
    """Bring a backup back."""
    from appliance.care.pending import Pending, carry_out, plan
    from appliance.care.restore import alone, stage

    layout = Layout.of(settings)
    layout.prepare()
    passphrase = _passphrase(options.passphrase_stdin, new=False)
    with alone(layout):
        with _source(options.file) as source:
            made = stage(source, layout, passphrase, _progress("read"))
        _say(f"A backup of {made.name} of {made.made_at:%Y-%m-%d %H:%M} UTC, by Hutch {made.hutch}: all of it is good.")
        plan(layout, Pending(what="restore"))
    if not _now_or_later(layout, lambda: carry_out(layout)):
        return 0
    _say("The device is as it was then. Start it.")
    if layout.agent_user is not None and made.workspaces:
        _say("Its next start brings the agents their folders.")
    return 0


def reset(options: argparse.Namespace, settings: Settings) -> int:
    """Make a new device of it."""
    from appliance.care import resetting
    from appliance.care.pending import carry_out

    layout, name = Layout.of(settings), socket.gethostname()
    given = options.name
    if given is None:
        given = input(f"This forgets everything. To go on, give the device's name ({name}): ")
    if given.strip() != name:
        raise Problem(ProblemCode.INVALID_REQUEST, f"The device is called {name}. Nothing was changed.")
    if resetting.prepare(settings, layout, workspace=options.workspace):
        return _restart_machine(layout)
    if _now_or_later(layout, lambda: carry_out(layout)):
        _say("Its next start is its first one." + ("" if options.workspace else f" Files stay in {layout.workspace}."))
    return 0


def _restart_machine(layout: Layout) -> int:
    """Root resets the device at the next start of the machine; no start, no reset."""
    from appliance.care import resetting

    try:
        asyncio.run(resetting.reboot())
    except Problem:
        resetting.unmark(layout)
        raise
    _say(
        "The machine restarts, and makes a new device of itself. Make it yours with the setup code that it then shows."
    )
    return 0


def support(options: argparse.Namespace, settings: Settings) -> int:
    """Write what somebody who helps wants to see."""
    from appliance.care.support import write_support

    with _target(options.file) as target:
        write_support(target, settings, Layout.of(settings))
    _say("It holds no passwords, keys, tokens or conversations. It names machines and people: look at it first.")
    return 0


def _now_or_later(layout: Layout, work: Callable[[], object]) -> bool:
    """Do it now where no daemon runs; else its next start does."""
    try:
        with hold(layout.lock):
            work()
    except Problem as problem:
        if problem.code is not ProblemCode.CONFLICT:
            raise
        _say("The device runs: this comes into force with its next start (systemctl restart hutch).")
        return False
    return True


@contextmanager
def _target(name: str) -> Iterator[BinaryIO]:
    """A new file of mode 0600 that is there only when it is whole; ``-`` is the standard output."""
    if name == _STDIO:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    path = Path(name)
    part = path.with_name(f"{path.name}.part")
    with problems_of(path):
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def _source(name: str) -> Iterator[BinaryIO]:
    if name == _STDIO:
        yield sys.stdin.buffer
        return
    with problems_of(Path(name)):
        file = Path(name).open("rb")  # noqa: SIM115 - closed below; what happens inside is not the file's problem
    with file:
        yield file


def _passphrase(from_stdin: bool, *, new: bool) -> str:
    if from_stdin:
        # Not by the text layer, which reads ahead: a backup may follow.
        return sys.stdin.buffer.readline(_LONGEST + 2).decode(errors="replace").rstrip("\r\n")
    passphrase = getpass.getpass("Passphrase of the backup: ")
    if new and getpass.getpass("Once more: ") != passphrase:
        raise Problem(ProblemCode.INVALID_REQUEST, "The two passphrases differ. Try again.")
    return passphrase


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name for name in (text or "").split(",") if name)


def _progress(word: str) -> Callable[[int], None]:
    shown = -1

    def told(percent: int) -> None:
        nonlocal shown
        if percent != shown and sys.stderr.isatty():
            shown = percent
            print(f"\r{percent} % {word}", end="" if percent < 100 else "\n", file=sys.stderr, flush=True)

    return told


def _say(text: str) -> None:
    # The standard output may be the file itself.
    print(text, file=sys.stderr)
