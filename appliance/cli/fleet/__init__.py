"""``hutch fleet …``: the devices of a hub from the command line, on any machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from appliance.cli.commands import Command, add_commands
from appliance.cli.fleet.account import Account
from appliance.cli.fleet.table import COMMANDS
from protocol.problems import Problem


def build_parser() -> argparse.ArgumentParser:
    """The parser of everything behind ``hutch fleet``."""
    parser = argparse.ArgumentParser(prog="hutch fleet", description="Work with the devices of a hub, from anywhere.")
    add_commands(parser, COMMANDS, lambda leaf: None)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run one command; a refusal is printed as a sentence and ends with 1."""
    options = build_parser().parse_args(arguments)
    command: Command[Account] = options.command
    try:
        return command.run(options, Account.of_this_user())
    except Problem as problem:
        print(f"hutch: {problem.message} ({problem.code})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
