"""Small works that are done in the agents' account, as the daemon asks for them.

The daemon's own account does them directly, another one through its broker; what they are stands in
:mod:`gateway.programs.work`. An answer of the broker is believed no more than an agent would be: what it is gets
checked, and a descriptor of it is never used to look below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from signal import Signals
from typing import Protocol

from gateway.programs.processes import Running
from protocol.problems import Problem, ProblemCode


class Doer(Protocol):
    """Does a work by its name; :func:`gateway.programs.work.do` is one."""

    def __call__(
        self, name: str, arguments: Sequence[object], descriptors: Sequence[int], /
    ) -> tuple[object, list[int]]:
        """What it answers, and the descriptors that came with it, for the caller to close."""


class Chores:
    """Everything blocks: call it in a thread.

    All raise OSError as the system calls behind them do, and Problem (``UNAVAILABLE``) when the agents' account cannot
    be reached. Descriptors that are given stay the caller's.
    """

    def __init__(self, do: Doer) -> None:
        self._do = do

    def find(self, pane_pid: int, mark: str, known: Iterable[Running]) -> list[Running]:
        """The processes of a session; see :func:`gateway.programs.processes.find`."""
        answer = self._ask("processes.find", pane_pid, mark, list(known))
        if not isinstance(answer, list):
            raise _nonsense()
        return [_running(item) for item in answer]

    def send(self, processes: Iterable[Running], number: Signals) -> None:
        """A signal to those that still are who they were."""
        self._ask("processes.send", list(processes), int(number))

    def send_to_ids(self, pids: Iterable[int], number: Signals) -> None:
        """A signal to those that are there."""
        self._ask("processes.send_to_ids", list(pids), int(number))

    def end_tmux(self, pid: int, socket: Path) -> None:
        """Wait for a tmux server's end, make it end where it hangs, and remove its socket."""
        self._ask("processes.end_tmux", pid, str(socket))

    def hold_back(self, tty: str, server_pid: int) -> None:
        """Stop a pane's output without losing any of it."""
        self._ask("terminals.hold_back", tty, server_pid)

    def let_flow(self, tty: str) -> None:
        """The opposite."""
        self._ask("terminals.let_flow", tty)

    def resume(self, tty: str, server_pid: int) -> None:
        """Undo what a killed daemon may have left stopped."""
        self._ask("terminals.resume", tty, server_pid)

    def wake(self, socket: Path) -> None:
        """Have a stopped tmux server go on."""
        self._ask("terminals.wake", str(socket))

    def unread(self, tty: str) -> int:
        """Bytes a terminal holds that its program has not read."""
        return _number(self._ask("terminals.unread", tty))

    def folder(self, path: Path) -> Path:
        """The real path of a folder that the account may enter; ``~`` is its home."""
        return Path(_text(self._ask("files.folder", str(path))))

    def program(self, name: str, search: str) -> str | None:
        """Where the account finds a program with this PATH."""
        return _text(self._ask("files.program", name, search)) or None

    def make_folder(self, path: Path, mode: int) -> None:
        """Make a folder, and those above it."""
        self._ask("files.make_folder", str(path), mode)

    def names(self, path: Path) -> list[str]:
        """What is in a folder."""
        answer = self._ask("files.names", str(path))
        if not isinstance(answer, list):
            raise _nonsense()
        return [_text(name) for name in answer]

    def write(self, path: Path, text: str) -> None:
        """Put a small text file in the place of the one before."""
        self._ask("files.write", str(path), text)

    def remove(self, path: Path) -> None:
        """Remove a file that may be gone already."""
        self._ask("files.remove", str(path))

    def create(self, path: Path, mode: int) -> int:
        """Open a new file for writing."""
        return self._open("files.create", (), str(path), mode)

    def create_in(self, folder: int, name: str, mode: int) -> int:
        """Open a new file in an open folder for writing."""
        return self._open("files.create_in", (folder,), name, mode)

    def make_folder_in(self, folder: int, name: str) -> None:
        """Make a folder in an open folder."""
        self._ask_with((folder,), "files.make_folder_in", name)

    def remove_in(self, folder: int, name: str) -> None:
        """Remove what is not a folder from an open folder."""
        self._ask_with((folder,), "files.remove_in", name)

    def remove_folder_in(self, folder: int, name: str) -> None:
        """Remove an empty folder from an open folder."""
        self._ask_with((folder,), "files.remove_folder_in", name)

    def replace_in(self, source: int, old: str, target: int, new: str) -> None:
        """Rename, over what was there."""
        self._ask_with((source, target), "files.replace_in", old, new)

    def rename_in(self, source: int, old: str, target: int, new: str) -> None:
        """Rename, and never over anything."""
        self._ask_with((source, target), "files.rename_in", old, new)

    def set_mode(self, file: int, mode: int) -> None:
        """Give an open file a mode."""
        self._ask_with((file,), "files.set_mode", mode)

    def _ask(self, name: str, *arguments: object) -> object:
        return self._ask_with((), name, *arguments)

    def _ask_with(self, descriptors: Sequence[int], name: str, *arguments: object) -> object:
        answer, _ = self._do(name, arguments, descriptors)
        return answer

    def _open(self, name: str, descriptors: Sequence[int], *arguments: object) -> int:
        _, opened = self._do(name, arguments, descriptors)
        if len(opened) != 1:
            raise _nonsense()
        return opened[0]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _nonsense()
    return value


def _number(value: object) -> int:
    if type(value) is not int:
        raise _nonsense()
    return value


def _running(value: object) -> Running:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _nonsense()
    return _number(value[0]), _number(value[1])


def _nonsense() -> Problem:
    return Problem(
        ProblemCode.UNAVAILABLE, "The broker of the agents' account answers nonsense. Start it again: hutch-agents."
    )
