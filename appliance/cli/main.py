"""Entry point of the ``hutch`` command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance.cli.commands import Command, add_commands
from appliance.cli.table import COMMANDS
from appliance.config import Settings, load
from appliance.lean import relaunch
from appliance.version import VERSION
from protocol.problems import Problem

_SETTINGS = {"data": Path, "listen": str, "hub": str}
"""The settings that every command takes on its command line."""
ELSEWHERE = {
    "hub": "Run and look after a hub",
    "fleet": "Work with the devices of a hub, from anywhere",
    "broker": "Start programs in the account that agents work in",
}
"""Words behind which stand commands with settings of their own, in :mod:`appliance.cli` under the same names."""


def build_parser(commands: Sequence[Command[Settings]] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(prog="hutch", description="A small box where coding agents live.")
    parser.add_argument("--version", action="version", version=f"hutch {VERSION}")
    top = add_commands(parser, commands, _add_settings)
    for word, summary in ELSEWHERE.items():
        top.add_parser(word, help=f"{summary}: see hutch {word} --help", add_help=False)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="settings file (default: /etc/hutch/hutch.toml)")
    for setting, kind in _SETTINGS.items():
        parser.add_argument(f"--{setting}", type=kind, help=str(Settings.model_fields[setting].description))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a refusal is printed as a sentence and ends with 1."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given and given[0] in ELSEWHERE:
        # Loaded here: a device does without the hub and its clients.
        from appliance.cli import broker, fleet, hub

        return {"hub": hub.main, "fleet": fleet.main, "broker": broker.main}[given[0]](given[1:])
    options = build_parser().parse_args(arguments)
    command: Command[Settings] = options.command
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
