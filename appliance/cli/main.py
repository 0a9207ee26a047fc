"""Entry point of the ``hutch`` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance.cli.commands import Command
from appliance.cli.table import COMMANDS
from appliance.config import Settings, load
from appliance.lean import relaunch
from appliance.version import VERSION
from protocol.problems import Problem

_SETTINGS = {"data": Path, "listen": str, "hub": str}
"""The settings that every command takes on its command line."""
HUB = "hub"
"""Everything behind this word has settings and commands of its own: :mod:`appliance.cli.hub`."""


def build_parser(commands: Sequence[Command] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(prog="hutch", description="A small box where coding agents live.")
    parser.add_argument("--version", action="version", version=f"hutch {VERSION}")
    groups: dict[tuple[str, ...], argparse._SubParsersAction[argparse.ArgumentParser]] = {
        (): parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    }
    for command in commands:
        *parents, name = command.words
        key = tuple(parents)
        if key not in groups:
            group = groups[()].add_parser(parents[0], help=f"{parents[0]}s: see hutch {parents[0]} --help")
            groups[key] = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
        leaf = groups[key].add_parser(name, help=command.summary, description=command.summary)
        for argument in command.arguments:
            argument.add_to(leaf)
        leaf.add_argument("--config", type=Path, help="settings file (default: /etc/hutch/hutch.toml)")
        for setting, kind in _SETTINGS.items():
            leaf.add_argument(f"--{setting}", type=kind, help=str(Settings.model_fields[setting].description))
        leaf.set_defaults(command=command)
    groups[()].add_parser(HUB, help="Run and look after a hub: see hutch hub --help", add_help=False)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a refusal is printed as a sentence and ends with 1."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == [HUB]:
        # Loaded here: a device does without the hub.
        from appliance.cli import hub

        return hub.main(given[1:])
    options = build_parser().parse_args(arguments)
    command: Command = options.command
    try:
        if command.lean and arguments is None:
            relaunch()
        overrides = {name: getattr(options, name) for name in _SETTINGS}
        return command.run(options, load(options.config, os.environ, overrides))
    except Problem as problem:
        print(f"hutch: {problem.message} ({problem.code})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
