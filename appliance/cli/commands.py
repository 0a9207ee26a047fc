"""What a command is, and what each may count on."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S")
"""The settings that a family of commands works with: a device's, a hub's, or those of a hub's client."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command, handed to :meth:`argparse.ArgumentParser.add_argument`."""

    names: Sequence[str]
    help: str
    kind: Callable[[str], object] = str
    default: object = None
    choices: Sequence[str] | None = None
    flag: bool = False
    optional: bool = False
    required: bool = False
    rest: bool = False
    """Takes everything that follows, flags included."""

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Declare it on a parser."""
        if self.flag:
            parser.add_argument(*self.names, help=self.help, action="store_true")
        elif self.rest:
            parser.add_argument(*self.names, help=self.help, nargs=argparse.REMAINDER)
        elif self.names[0].startswith("-"):
            parser.add_argument(
                *self.names,
                help=self.help,
                type=self.kind,
                default=self.default,
                choices=self.choices,
                required=self.required,
            )
        else:
            parser.add_argument(
                *self.names, help=self.help, type=self.kind, choices=self.choices, nargs="?" if self.optional else None
            )


@dataclass(frozen=True)
class Command(Generic[S]):
    """A command as it is typed: ``words`` after the program's name, and the function that gives the exit code."""

    words: tuple[str, ...]
    summary: str
    run: Callable[[argparse.Namespace, S], int]
    arguments: Sequence[Argument] = field(default=())
    lean: bool = False
    """Whether it stays: its process is then started anew in a lean interpreter."""


def add_commands(
    parser: argparse.ArgumentParser,
    commands: Sequence[Command[S]],
    add_settings: Callable[[argparse.ArgumentParser], None],
    *,
    required: bool = True,
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    """Declare commands of any depth below a parser; each ends with the settings. The place for more is returned."""
    program = parser.prog
    top = parser.add_subparsers(title="commands", metavar="COMMAND", required=required)
    groups: dict[tuple[str, ...], argparse._SubParsersAction[argparse.ArgumentParser]] = {(): top}
    for command in commands:
        *parents, name = command.words
        for depth in range(1, len(parents) + 1):
            key = tuple(parents[:depth])
            if key not in groups:
                words = " ".join((program, *key))
                group = groups[key[:-1]].add_parser(key[-1], help=f"{key[-1]}s: see {words} --help")
                groups[key] = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
        leaf = groups[tuple(parents)].add_parser(name, help=command.summary, description=command.summary)
        for argument in command.arguments:
            argument.add_to(leaf)
        add_settings(leaf)
        leaf.set_defaults(command=command)
    return top
