"""What the broker does at the daemon's word, in one table. Nothing but the standard library."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.programs import files, processes, terminals

Check = Callable[[object], bool]

MAX_TEXT = 64 * 1024
MAX_ITEMS = 20_000
_MOST = 2**31


def _text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and "\0" not in value


def _number(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and all(map(_number, value))


def _running(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) <= MAX_ITEMS and all(map(_is_running, value))


def _is_running(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and _number(value[0]) and type(value[1]) is int


class Refused(Exception):
    """There is no such work, or its arguments are not what it takes."""


class Work:
    """One work: its function takes ``descriptors`` first and then arguments that pass ``checks``."""

    __slots__ = ("checks", "descriptors", "does", "opens")

    def __init__(self, does: Callable[..., object], *checks: Check, descriptors: int = 0, opens: bool = False) -> None:
        self.does = does
        self.checks = checks
        self.descriptors = descriptors
        self.opens = opens
        """Whether what it answers is a descriptor, for whoever asked to close."""


WORKS: dict[str, Work] = {
    "processes.find": Work(processes.find, _number, _text, _running),
    "processes.send": Work(processes.send, _running, _number),
    "processes.send_to_ids": Work(processes.send_to_ids, _numbers, _number),
    "processes.end_tmux": Work(processes.end_tmux, _number, _text),
    "terminals.hold_back": Work(terminals.hold_back, _text, _number),
    "terminals.let_flow": Work(terminals.let_flow, _text),
    "terminals.resume": Work(terminals.resume, _text, _number),
    "terminals.wake": Work(terminals.wake, _text),
    "terminals.unread": Work(terminals.unread, _text),
    "files.folder": Work(files.folder, _text),
    "files.program": Work(files.program, _text, _text),
    "files.make_folder": Work(files.make_folder, _text, _number),
    "files.names": Work(files.names, _text),
    "files.write": Work(files.write, _text, _text),
    "files.remove": Work(files.remove, _text),
    "files.create": Work(files.create, _text, _number, opens=True),
    "files.create_in": Work(files.create_in, _text, _number, descriptors=1, opens=True),
    "files.make_folder_in": Work(files.make_folder_in, _text, descriptors=1),
    "files.remove_in": Work(files.remove_in, _text, descriptors=1),
    "files.remove_folder_in": Work(files.remove_folder_in, _text, descriptors=1),
    "files.replace_in": Work(lambda source, target, old, new: files.replace_in(source, old, target, new),
                             _text, _text, descriptors=2),
    "files.rename_in": Work(lambda source, target, old, new: files.rename_in(source, old, target, new),
                            _text, _text, descriptors=2),
    "files.set_mode": Work(files.set_mode, _number, descriptors=1),
}  # fmt: skip


def do(name: str, arguments: Sequence[object], descriptors: Sequence[int]) -> tuple[object, list[int]]:
    """Do a work: what it answers, and the descriptors that come with the answer. Blocks.

    Raises:
        Refused: it is not in the table, or the arguments are not right.
        OSError: the system refuses.
    """
    work = WORKS.get(name)
    if work is None:
        raise Refused(f"there is no work called {name[:64]!r}")
    fit = len(arguments) == len(work.checks) and len(descriptors) == work.descriptors
    if not fit or not all(check(value) for check, value in zip(work.checks, arguments, strict=True)):
        raise Refused(f"{name} does not take these arguments")
    answer = work.does(*descriptors, *arguments)
    if work.opens and isinstance(answer, int):
        return None, [answer]
    return answer, []
