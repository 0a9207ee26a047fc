"""What a command is, and what each may count on."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from appliance.config import Settings


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

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Declare it on a parser."""
        if self.flag:
            parser.add_argument(*self.names, help=self.help, action="store_true")
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


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it is typed: ``words`` after ``hutch``, and the function that does it and gives the exit code."""

    words: tuple[str, ...]
    summary: str
    run: Callable[[argparse.Namespace, Settings], int]
    arguments: Sequence[Argument] = field(default=())
    lean: bool = False
    """Whether it stays: its process is then started anew in a lean interpreter."""
